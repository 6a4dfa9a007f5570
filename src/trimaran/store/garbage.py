"""Which blobs something needs, and which nothing needs any more."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from trimaran import digests
from trimaran.errors import NotFoundError
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor, Index, Manifest
from trimaran.store.blobs import Blobs
from trimaran.store.records import Records
from trimaran.store.referrers import Referrers
from trimaran.store.refs import Refs

_DIGEST = re.compile(rb"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")


def garbage(
    blobs: Blobs, refs: Refs, records: Records, referrers: Referrers, keep: Iterable[str]
) -> list[str]:
    """The digests of blobs that no reference reaches, no record names and `keep` does not list.

    What refers to a needed image is needed.

    Raises:
        StoreError, ImageError: a manifest is damaged, so that what it needs is not known.
    """
    named = {found.decode("ascii") for data in records.all() for found in _DIGEST.findall(data)}
    needed = {*keep, *named, *reached(blobs, refs, referrers)}
    return [digest for digest in blobs.listed() if digest not in needed]


def reached(blobs: Blobs, refs: Refs, referrers: Referrers) -> dict[str, str]:
    """The digests of what named images need, each with one of the names. Raises as `garbage`."""
    found: dict[str, str] = {}
    for image in refs.names():
        waiting = [image.descriptor]
        while waiting:
            descriptor = waiting.pop()
            found.setdefault(descriptor.digest, image.reference.familiar)
            below = (*_children(blobs, descriptor), *referrers.get(descriptor.digest))
            waiting += [it for it in below if it.digest not in found]
    return found


class _Link(msgspec.Struct):
    digest: str = ""


class _Links(msgspec.Struct):
    """What a document of any kind may name."""

    config: _Link = msgspec.field(default_factory=_Link)
    layers: tuple[_Link, ...] = ()
    manifests: tuple[_Link, ...] = ()


def with_links(blobs: Blobs, named: Iterable[str]) -> set[str]:
    """The names, and what the manifests and indexes whose digests are among them need."""
    found = set(named)
    waiting = list(filter(digests.is_digest, found))
    while waiting:
        below = [it for it in _links(blobs, waiting.pop()) if it not in found]
        found.update(below)
        waiting += below
    return found


def _links(blobs: Blobs, digest: str) -> tuple[str, ...]:
    try:
        with open(blobs.path(digest), "rb") as file:
            head = file.read(1)
            raw = head + file.read(MANIFEST_LIMIT_BYTES) if head == b"{" else b""
        links = msgspec.json.decode(raw, type=_Links)
    except (OSError, ValueError, RecursionError):
        return ()
    named = (it.digest for it in (links.config, *links.layers, *links.manifests))
    return tuple(digest for digest in named if digests.is_digest(digest))


def _children(blobs: Blobs, descriptor: Descriptor) -> tuple[Descriptor, ...]:
    is_index = descriptor.media_type in media_types.INDEXES
    if not is_index and descriptor.media_type not in media_types.MANIFESTS:
        return ()
    try:
        raw = blobs.peek(descriptor.digest, MANIFEST_LIMIT_BYTES)
    except NotFoundError:
        return ()
    if is_index:
        return Index.parse(raw).manifests
    manifest = Manifest.parse(raw)
    return (manifest.config, *manifest.layers)

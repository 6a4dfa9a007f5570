"""Which blobs nothing needs any more."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    needed = set(keep) | _named(records)
    waiting = [image.descriptor for image in refs.names()]
    while waiting:
        descriptor = waiting.pop()
        needed.add(descriptor.digest)
        below = (*_children(blobs, descriptor), *referrers.get(descriptor.digest))
        waiting += [it for it in below if it.digest not in needed]
    return [digest for digest in blobs.listed() if digest not in needed]


def _named(records: Records) -> set[str]:
    return {found.decode("ascii") for data in records.all() for found in _DIGEST.findall(data)}


def _children(blobs: Blobs, descriptor: Descriptor) -> tuple[Descriptor, ...]:
    is_index = descriptor.media_type in media_types.INDEXES
    if not is_index and descriptor.media_type not in media_types.MANIFESTS:
        return ()
    if not blobs.has(descriptor.digest):
        return ()
    raw = blobs.read(descriptor.digest, MANIFEST_LIMIT_BYTES)
    if is_index:
        return Index.parse(raw).manifests
    manifest = Manifest.parse(raw)
    return (manifest.config, *manifest.layers)

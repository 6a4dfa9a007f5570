"""Leaving platforms out of an image, with the digests of what stays unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from trimaran import digests
from trimaran.images import pick, tree
from trimaran.images.tree import Node
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index
from trimaran.oci.place import Place
from trimaran.platforms import Platform

SUBJECT = "vnd.docker.reference.digest"
"""BuildKit's annotation of an attestation: the digest of the image that it is about."""


def narrow(place: Place, descriptor: Descriptor, wanted: Iterable[Platform]) -> Node:
    """The image for `wanted` platforms alone.

    An index that has nothing else stays as it is, bytes and digest; one platform gives that
    manifest itself; several give a new, flat index, whose entries are the old ones, attestations
    about them included.

    Raises:
        ImageError: a wanted platform is lacking; the hint lists what is offered.
        NotFoundError: the place lacks a manifest or config.
    """
    found = pick.offers(place, descriptor)
    name = f"{place.name} {descriptor.digest}"
    kept = [pick.best(found, platform, name).descriptor for platform in wanted]
    node = tree.read_node(place, descriptor)
    if descriptor.media_type not in media_types.INDEXES:
        return node
    if {offer.descriptor.digest for offer in found} == {entry.digest for entry in kept}:
        return node
    if len({entry.digest for entry in kept}) == 1:
        return tree.read_node(place, kept[0])
    return _index(place, node, {entry.digest for entry in kept})


def _index(place: Place, node: Node, kept: set[str]) -> Node:
    """A new index, made from the old one's JSON, so that fields unknown here survive."""
    fields: dict[str, Any] = msgspec.json.decode(node.raw)
    fields["manifests"] = [
        entry
        for entry in flat(place, node)
        if entry["digest"] in kept or (entry.get("annotations") or {}).get(SUBJECT) in kept
    ]
    raw = msgspec.json.encode(fields)
    return Node(Descriptor(node.descriptor.media_type, digests.of(raw), len(raw)), raw)


def flat(place: Place, node: Node) -> list[dict[str, Any]]:
    """The entries of an index as JSON, those of indexes in it in their place.

    Raises:
        ImageError, NotFoundError: something is malformed or lacking.
    """
    entries: list[dict[str, Any]] = msgspec.json.decode(node.raw)["manifests"]
    known = Index.parse(node.raw).manifests
    found: list[dict[str, Any]] = []
    for entry, descriptor in zip(entries, known, strict=True):
        if descriptor.media_type in media_types.INDEXES:
            found += flat(place, tree.read_node(place, descriptor))
        else:
            found.append(entry)
    return found

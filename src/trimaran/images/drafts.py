"""Lists that are not published yet: ordinary named images of the local store.

What they list of registries is not fetched but for manifests and configs; a record says where an
image was found, by name and tag, so that its layers are sent from there and a tag that has moved
since is noticed. A record may be lost (`prune`): then its image must be named anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Literal

import msgspec

from trimaran import events, references
from trimaran.errors import NotFoundError, TrimaranError
from trimaran.events import Emit
from trimaran.images import tree
from trimaran.images.copy import BlobCopy, copy
from trimaran.images.local import StoreImages
from trimaran.images.members import Member, descriptors
from trimaran.images.tree import ImageTree
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.oci.place import Place
from trimaran.references import Reference
from trimaran.store.store import Store

_KIND = "origin"
OpenPlace = Callable[[Reference], Place]
"""The repository of a reference in its registry."""


class Origin(msgspec.Struct, frozen=True):
    """Where a list's image was found.

    Attributes:
        reference: its name and tag there.
        found: the digest's hexadecimal digits, which differ from the listed one's if the config
            was mended. They alone: a whole digest in a record keeps its blob from being removed.
        at: when, in seconds since the epoch.
    """

    reference: str
    kind: Literal["registry", "store"]
    found: str
    at: float


def remember(store: Store, listed: str, found: str, reference: Reference, kind: str) -> None:
    """Record that the image of the digest `listed` was found under a name, as `found`.

    An image whose layers are in a registry alone goes on being known by that.

    Raises:
        StoreError: it cannot be written.
    """
    if kind != "registry":
        known = origin(store, listed)
        if known is not None and known.kind == "registry":
            return
    name = str(msgspec.structs.replace(reference, digest=""))
    where: Literal["registry", "store"] = "registry" if kind == "registry" else "store"
    made = Origin(name, where, found.partition(":")[2], time.time())
    store.put_record(_KIND, listed, msgspec.json.encode(made))


def origin(store: Store, digest: str) -> Origin | None:
    """Where the image of this digest was found; None if that is not known."""
    raw = store.record(_KIND, digest)
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(raw, type=Origin) if raw else None
    return None


def take(member: Member, local: StoreImages, emit: Emit = events.ignore) -> None:
    """Bring an image's content into the store. Raises as `copy`."""
    for descriptor in descriptors(member):
        copy(member.place, descriptor, local, emit=emit)


def take_outline(member: Member, local: StoreImages) -> None:
    """Bring an image's manifest, config and attestations into the store, and no layers.

    Raises:
        ImageError, NotFoundError: the place lacks something or holds other bytes.
    """
    job = BlobCopy(member.place, local, events.ignore, "copy")
    node = tree.read_node(member.place, member.entry.descriptor)
    manifest = tree.parse(node.descriptor, node.raw)
    if isinstance(manifest, Manifest):
        job.run(manifest.config)
    local.write_manifest(node.raw, node.descriptor.media_type)
    for companion in member.companions:
        copy(member.place, companion.descriptor, local)


def lenders(
    store: Store, image: ImageTree, open_place: OpenPlace
) -> tuple[Mapping[str, Place], list[Reference]]:
    """Where the blobs that the store lacks are, by digest, and the repositories they are in.

    Raises:
        NotFoundError: that is not known of one.
    """
    found: dict[str, Place] = {}
    from_where: dict[str, Reference] = {}
    for node in image.manifests:
        manifest = tree.parse(node.descriptor, node.raw)
        if isinstance(manifest, Index):
            continue
        missing = [each for each in _blobs(manifest) if not store.has_blob(each.digest)]
        known = origin(store, node.descriptor.digest)
        if missing and known and known.kind == "registry":
            reference = references.parse(known.reference)
            place = open_place(reference)
            from_where[reference.name] = reference
            found |= {blob.digest: place for blob in missing}
    lacking = [b for b in image.blobs if b.digest not in found and not store.has_blob(b.digest)]
    if lacking:
        raise NotFoundError(
            f"the local store lacks {lacking[0].digest}, and where it is is not known",
            "create the list anew, or pull its images",
        )
    return found, list(from_where.values())


def moved(
    store: Store, digests: Iterable[str], look_up: Callable[[Origin], Collection[str]]
) -> Iterator[Origin]:
    """Where images were found whose tags mean others by now.

    Args:
        store: holds the records.
        digests: of the listed images.
        look_up: gives the digests that are under an origin's name now; what raises is passed over.
    """
    for digest in digests:
        known = origin(store, digest)
        if known is None or references.parse(known.reference).tag == "":
            continue
        with suppress(TrimaranError):
            now = {each.partition(":")[2] for each in look_up(known)}
            if known.found not in now:
                yield known


def _blobs(manifest: Manifest) -> tuple[Descriptor, ...]:
    return (manifest.config, *manifest.layers)

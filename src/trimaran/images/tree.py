"""All that an image consists of: manifests, children first, and the blobs below them."""

from __future__ import annotations

import msgspec

from trimaran.errors import ImageError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.oci.place import Place

_DEPTH_LIMIT = 8
"""Indexes in indexes, deeper than any tool makes them."""

# Layers whose bytes are not the image's to pass on: the descriptor alone is kept (layer.md,
# Non-Distributable Layers; Docker's foreign layers).
_FOREIGN = (
    "application/vnd.oci.image.layer.nondistributable.v1.",
    "application/vnd.docker.image.rootfs.foreign.",
)


class Node(msgspec.Struct, frozen=True):
    """A manifest or index, as it is written in one place and read in another."""

    descriptor: Descriptor
    raw: bytes


class ImageTree(msgspec.Struct, frozen=True):
    """An image.

    Attributes:
        manifests: every manifest and index once, children before parents, the root last.
        blobs: configs and layers, each digest once, in their order of use.
    """

    manifests: tuple[Node, ...]
    blobs: tuple[Descriptor, ...]

    @property
    def root(self) -> Node:
        return self.manifests[-1]


def parse(descriptor: Descriptor, raw: bytes) -> Manifest | Index:
    """Decode a manifest or index, whichever the descriptor says.

    Raises:
        ImageError: it is neither, or malformed.
    """
    if descriptor.media_type in media_types.INDEXES:
        return Index.parse(raw)
    if descriptor.media_type in media_types.MANIFESTS:
        return Manifest.parse(raw)
    raise ImageError(
        f"{descriptor.digest} is neither an image nor an index but {descriptor.media_type!r}",
        "OCI images and Docker schema 2 images are known",
    )


def read(place: Place, descriptor: Descriptor) -> Manifest | Index:
    """Read a manifest or index. Raises NotFoundError, ImageError."""
    return parse(descriptor, place.read_manifest(descriptor))


def gather(place: Place, root: Node) -> ImageTree:
    """Read every manifest below `root`.

    Raises:
        NotFoundError: the place lacks one.
        ImageError: one is malformed, or of an unknown kind.
    """
    manifests: dict[str, Node] = {}
    blobs: dict[str, Descriptor] = {}
    _visit(place, root, manifests, blobs, _DEPTH_LIMIT)
    return ImageTree(tuple(manifests.values()), tuple(blobs.values()))


def read_node(place: Place, descriptor: Descriptor) -> Node:
    """`descriptor` with its bytes. Raises NotFoundError, ImageError."""
    return Node(descriptor, place.read_manifest(descriptor))


def _visit(
    place: Place,
    node: Node,
    manifests: dict[str, Node],
    blobs: dict[str, Descriptor],
    depth: int,
) -> None:
    if depth == 0:
        raise ImageError(f"{node.descriptor.digest} has indexes in indexes without end")
    match parse(node.descriptor, node.raw):
        case Index(manifests=children):
            for child in children:
                if child.digest not in manifests:
                    _visit(place, read_node(place, child), manifests, blobs, depth - 1)
        case Manifest(config=config, layers=layers):
            for blob in (config, *layers):
                if not blob.media_type.startswith(_FOREIGN):
                    blobs.setdefault(blob.digest, blob)
    manifests[node.descriptor.digest] = node

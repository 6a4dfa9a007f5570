"""OCI archives: an image layout in one tar, as `oci-archive:` and BuildKit's type=oci have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from trimaran.images import entries, layout, outputs, tree
from trimaran.images.layout_reader import INDEX_FILE, LAYOUT_FILE, LayoutReader, blob_name
from trimaran.images.read_only import ReadOnly
from trimaran.images.tar_files import SCRATCH, TarFiles
from trimaran.images.tar_writer import TarWriter
from trimaran.images.tree import ImageTree, Node
from trimaran.oci.models import Descriptor, Index
from trimaran.oci.place import Place
from trimaran.oci.referrers import tag

Referrers = Mapping[str, tuple[Descriptor, ...]]
"""What refers to each subject, with types and annotations."""


def write(
    source: Place,
    descriptor: Descriptor,
    out: Path | BinaryIO,
    *,
    names: Sequence[str] = (),
    referrers: Referrers = MappingProxyType({}),
) -> None:
    """Write an image or index with all it needs as one tar, equal for equal content.

    Args:
        source: where the image is.
        descriptor: an index or a single manifest.
        out: a file, replaced when the tar is whole; or a binary stream, which may be a pipe.
        names: tags or full references that the image gets in index.json.
        referrers: what refers to it, by subject, which goes with it.

    Raises:
        ImageError: the source holds other bytes than it says, or `out` cannot be written.
        NotFoundError: the source lacks something.
    """
    image = tree.gather(source, tree.read_node(source, descriptor))
    lists = {subject: Index.make(found) for subject, found in sorted(referrers.items())}
    image = _with_referrers(source, image, lists.values())
    tags = {tag(subject): index.descriptor for subject, index in lists.items()}
    with outputs.opened(out) as stream:
        tar = TarWriter(stream)
        write_files(tar, source, image, root_files(descriptor, names, tags))
        tar.finish()


def _with_referrers(source: Place, image: ImageTree, lists: Iterable[Index]) -> ImageTree:
    manifests = {node.descriptor.digest: node for node in image.manifests}
    blobs = {blob.digest: blob for blob in image.blobs}
    for index in lists:
        found = tree.gather(source, Node(index.descriptor, index.raw))
        manifests |= {node.descriptor.digest: node for node in found.manifests}
        blobs |= {blob.digest: blob for blob in found.blobs}
    return ImageTree(tuple(manifests.values()), tuple(blobs.values()))


def root_files(
    descriptor: Descriptor,
    names: Sequence[str],
    tags: Mapping[str, Descriptor] = MappingProxyType({}),
) -> dict[str, bytes]:
    """The files beside the blobs, by name; `tags` are those of lists of referrers."""
    images = tuple(entries.named(descriptor, name) for name in names or ("",))
    listed = (*images, *(entries.named(each, name) for name, each in tags.items()))
    return {LAYOUT_FILE: layout.version_file(), INDEX_FILE: Index.make(listed).raw}


def write_files(tar: TarWriter, source: Place, image: ImageTree, root: Mapping[str, bytes]) -> None:
    """Write `root` files, then the blobs by digest: a reader of a stream knows first what comes."""
    for name, data in root.items():
        tar.file(name, len(data), (data,))
    contents = {node.descriptor.digest: node.raw for node in image.manifests}
    sizes = {digest: len(raw) for digest, raw in contents.items()}
    blobs = {blob.digest: blob for blob in image.blobs if blob.digest not in contents}
    sizes |= {digest: blob.size for digest, blob in blobs.items()}
    for name in _folders(sizes):
        tar.folder(name)
    for digest in sorted(sizes):
        if digest in blobs:
            with source.open_blob(blobs[digest]) as chunks:
                tar.file(blob_name(digest), sizes[digest], chunks)
        else:
            tar.file(blob_name(digest), sizes[digest], (contents[digest],))


class LayoutArchive(ReadOnly, LayoutReader):
    """An OCI archive, plain or compressed, to be read; several threads may."""

    def __init__(self, path: Path, scratch: Path = SCRATCH) -> None:
        super().__init__(f"oci-archive:{path}", TarFiles(path, scratch))


def _folders(digests: Mapping[str, int]) -> Iterator[str]:
    yield "blobs/"
    yield from sorted({f"blobs/{digest.partition(':')[0]}/" for digest in digests})

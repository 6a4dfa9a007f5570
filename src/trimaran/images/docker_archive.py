"""Docker's archives (`docker save`, `docker load`): one platform's image in a tar.

The format is manifest.json of Docker's image spec v1.2. What is written is an OCI archive as well,
as newer Docker writes it: manifest.json then names the blobs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from trimaran import digests, references
from trimaran.errors import ImageError, InvalidReferenceError, NotFoundError
from trimaran.images import layout_tar, outputs, tree
from trimaran.images.layout_reader import blob_name
from trimaran.images.read_only import ReadOnly
from trimaran.images.tar_files import SCRATCH, TarFiles
from trimaran.images.tar_writer import TarWriter
from trimaran.images.tree import ImageTree
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor, ImageConfig, Index, Manifest
from trimaran.oci.place import Place
from trimaran.references import Reference

MANIFEST_FILE = "manifest.json"
_MAGIC_BYTES = 8
_TYPES = (
    (b"\x1f\x8b", media_types.LAYER_GZIP),
    (b"\x28\xb5\x2f\xfd", media_types.LAYER_ZSTD),
)


class _Image(msgspec.Struct, frozen=True, rename="pascal"):
    config: str
    repo_tags: tuple[str, ...] | None
    layers: tuple[str, ...] | None


def write(
    source: Place,
    descriptor: Descriptor,
    out: Path | BinaryIO,
    *,
    names: Sequence[Reference] = (),
) -> None:
    """Write one platform's image as an archive that `docker load` takes.

    Args:
        source: where the image is.
        descriptor: a single manifest; choose one from an index first.
        out: a file, replaced when the tar is whole; or a binary stream, which may be a pipe.
        names: what Docker is to call the image.

    Raises:
        ImageError: it is an index, the source holds other bytes, or `out` cannot be written.
        NotFoundError: the source lacks something.
    """
    node = tree.read_node(source, descriptor)
    manifest = tree.parse(descriptor, node.raw)
    if isinstance(manifest, Index):
        raise ImageError(
            "a Docker archive holds one platform's image, this is an index",
            "choose a platform, or write an OCI archive",
        )
    image = tree.gather(source, node)
    _refuse_foreign(manifest, image)
    root = layout_tar.root_files(descriptor, [str(name) for name in names])
    root[MANIFEST_FILE] = msgspec.json.encode([_listing(manifest, names)])
    with outputs.opened(out) as stream:
        tar = TarWriter(stream)
        layout_tar.write_files(tar, source, image, root)
        tar.finish()


def _listing(manifest: Manifest, names: Sequence[Reference]) -> _Image:
    return _Image(
        blob_name(manifest.config.digest),
        tuple(msgspec.structs.replace(name, digest="").familiar for name in names if name.tag)
        or None,
        tuple(blob_name(layer.digest) for layer in manifest.layers),
    )


def _refuse_foreign(manifest: Manifest, image: ImageTree) -> None:
    held = {blob.digest for blob in image.blobs}
    for layer in manifest.layers:
        if layer.digest not in held:
            raise ImageError(f"the layer {layer.digest} is not the image's to pass on")


class DockerArchive(ReadOnly):
    """An archive of `docker save`, plain or compressed, to be read.

    It holds no manifests; one is made for each image, from its config and its layers as they are.

    Raises:
        NotFoundError: there is no such file.
        ImageError: it is no Docker archive.
    """

    def __init__(self, path: Path, scratch: Path = SCRATCH) -> None:
        self._path = path
        self._files = TarFiles(path, scratch)
        self._blobs: dict[str, str] = {}
        self._manifests: dict[str, Manifest] = {}
        self._images = self._read_images()

    @property
    def name(self) -> str:
        return f"docker-archive:{self._path}"

    def names(self) -> list[str]:
        """What the images in it are called, as written there."""
        return [tag for image in self._images for tag in image.repo_tags or ()]

    def resolve(self, tag_or_digest: str) -> Descriptor:
        """The image called so; "" if there is but one. Raises NotFoundError, ImageError."""
        if tag_or_digest in self._manifests:
            return self._manifests[tag_or_digest].descriptor
        found = [it for it in self._images if not tag_or_digest or _is_called(it, tag_or_digest)]
        hint = f"it has: {', '.join(self.names())}" if self.names() else ""
        if not found:
            raise NotFoundError(f"{self.name} has no image {tag_or_digest!r}", hint)
        if len(found) > 1:
            raise ImageError(f"{self.name} has {len(found)} images", hint)
        manifest = self._manifest(found[0])
        self._manifests[manifest.descriptor.digest] = manifest
        return manifest.descriptor

    def read_manifest(self, descriptor: Descriptor) -> bytes:
        """The manifest that `resolve` made. Raises NotFoundError."""
        if descriptor.digest not in self._manifests:
            raise NotFoundError(f"{self.name} has no manifest {descriptor.digest}")
        return self._manifests[descriptor.digest].raw

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """A blob of a resolved image. Raises NotFoundError, ImageError at a wrong byte."""
        if descriptor.digest not in self._blobs:
            raise NotFoundError(f"{self.name} has no blob {descriptor.digest}")
        with self._files.open(self._blobs[descriptor.digest]) as chunks:
            yield digests.verified(chunks, descriptor.digest, descriptor.size)

    def has_blob(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self._blobs

    def _read_images(self) -> tuple[_Image, ...]:
        if self._files.size(MANIFEST_FILE) is None:
            hint = "an archive of `docker save` has one; is it an oci-archive: or a root folder?"
            raise ImageError(f"{self._path} is no Docker archive: it has no {MANIFEST_FILE}", hint)
        try:
            return msgspec.json.decode(self._small(MANIFEST_FILE), type=tuple[_Image, ...])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ImageError(f"{self._path}: {MANIFEST_FILE} is malformed: {error}") from error

    def _manifest(self, image: _Image) -> Manifest:
        raw = self._small(image.config)
        config = Descriptor(media_types.CONFIG, digests.of(raw), len(raw))
        self._blobs[config.digest] = image.config
        diff_ids = ImageConfig.parse(raw).rootfs.diff_ids
        files = image.layers or ()
        if len(diff_ids) != len(files):
            raise ImageError(f"{self.name}: {len(files)} layers, {len(diff_ids)} diff IDs")
        layers = tuple(self._layer(*pair) for pair in zip(files, diff_ids, strict=True))
        return Manifest.make(config, layers)

    def _layer(self, file: str, diff_id: str) -> Descriptor:
        size = self._files.size(file)
        if size is None:
            raise ImageError(f"{self.name} lacks the layer {file}")
        with self._files.open(file) as chunks:
            start = next(chunks, b"")[:_MAGIC_BYTES]
        for magic, media_type in _TYPES:
            if start.startswith(magic):
                descriptor = Descriptor(media_type, self._digest(file), size)
                break
        else:  # the diff ID is the digest of the plain tar; a wrong one shows when it is read
            descriptor = Descriptor(media_types.LAYER, diff_id, size)
        self._blobs[descriptor.digest] = file
        return descriptor

    def _digest(self, file: str) -> str:
        hasher = hashlib.sha256()
        with self._files.open(file) as chunks:
            for chunk in chunks:
                hasher.update(chunk)
        return f"sha256:{hasher.hexdigest()}"

    def _small(self, file: str) -> bytes:
        if (self._files.size(file) or 0) > MANIFEST_LIMIT_BYTES:
            raise ImageError(f"{self.name}: {file} is too large")
        with self._files.open(file) as chunks:
            return b"".join(chunks)


def _is_called(image: _Image, name: str) -> bool:
    tags = image.repo_tags or ()
    return name in tags or _canonical(name) in {_canonical(tag) for tag in tags}


def _canonical(name: str) -> str:
    try:
        return str(references.parse(name))
    except InvalidReferenceError:
        return name

"""OCI image layout folders, read and written (image-spec, image-layout.md)."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError
from trimaran.images import entries, layout_partials, outputs
from trimaran.images.layout_reader import (
    INDEX_FILE,
    LAYOUT_FILE,
    LAYOUT_VERSION,
    LayoutReader,
    blob_name,
)
from trimaran.oci import media_types, referrers
from trimaran.oci.models import Descriptor, Index, encode
from trimaran.oci.place import OpenBlob, OpenFrom
from trimaran.store.partial_file import complete

_CHUNK_BYTES = 1024 * 1024


def version_file() -> bytes:
    """The bytes of `oci-layout`."""
    return msgspec.json.encode({"imageLayoutVersion": LAYOUT_VERSION})


class Layout(LayoutReader):
    """The layout in a folder, which is made when something is first written.

    Tags are what `org.opencontainers.image.ref.name` says; a full reference is kept as well, in
    `io.containerd.image.name`, as BuildKit does.
    """

    def __init__(self, path: Path) -> None:
        self._folder = _FolderFiles(path)
        super().__init__(f"oci:{path}", self._folder)
        self._path = path

    @contextmanager
    def open_blob_from(
        self, descriptor: Descriptor, offset_bytes: int
    ) -> Iterator[Iterator[bytes]]:
        """A blob's bytes from an offset on, not checked. Raises NotFoundError, ImageError."""
        name = blob_name(descriptor.digest)
        if self._folder.size(name) is None:
            raise NotFoundError(f"{self.name} has no blob {descriptor.digest}")
        with self._folder.open(name, offset_bytes) as chunks:
            yield chunks

    def write_blob(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Store a blob. Raises ImageError if the bytes are others, or cannot be written."""
        with self._writing(f"write blob {descriptor.digest}"), open_blob() as chunks:
            checked = digests.verified(chunks, descriptor.digest, descriptor.size)
            self._write(blob_name(descriptor.digest), checked)

    def write_blob_from(self, descriptor: Descriptor, open_from: OpenFrom) -> None:
        """Store a blob, going on where an earlier command was cut off.

        Raises:
            ImageError: its bytes are others, also when it is read from its start, or it cannot be
                written.
        """
        target = self._path / blob_name(descriptor.digest)
        with (
            self._writing(f"write blob {descriptor.digest}"),
            layout_partials.opened(self._path, descriptor.digest, target) as partial,
        ):
            if partial is not None:
                complete(partial, descriptor, open_from)

    def write_manifest(self, raw: bytes, media_type: str, tag: str = "") -> Descriptor:
        """Store a manifest or index; under `tag`, it becomes an entry of index.json.

        Raises:
            ImageError: it cannot be written, or the folder is no layout.
        """
        descriptor = Descriptor(media_type, digests.of(raw), len(raw))
        with self._writing(f"write manifest {descriptor.digest}"):
            self._write(blob_name(descriptor.digest), iter((raw,)))
        if tag:
            self.put_entry(descriptor, tag)
        return descriptor

    def put_entry(self, descriptor: Descriptor, name: str = "") -> None:
        """List an image in index.json, in place of the one of that name; it may have none.

        The image is whole then: what unfinished downloads left is removed.

        Raises:
            ImageError: it cannot be written, or the folder is no layout.
        """
        with self._writing(f"write {INDEX_FILE}"), _locked(self._path):
            self._put(entries.named(descriptor, name))
        layout_partials.clear(self._path)

    def list_referrer(self, subject: str, referrer: Descriptor) -> None:
        """List a manifest that was written among the subject's referrers, by the tag schema.

        Raises:
            ImageError: it cannot be written, or the folder is no layout.
        """
        name = referrers.tag(subject)
        with self._writing(f"write {INDEX_FILE}"), _locked(self._path):
            index = referrers.with_referrer(self._listed(name), referrer)
            if index is not None:
                self._write(blob_name(index.descriptor.digest), iter((index.raw,)))
                self._put(entries.named(index.descriptor, name))

    def _listed(self, name: str) -> tuple[Descriptor, ...]:
        for entry in self.index().manifests:
            if entry.annotations.get(entries.REF_NAME) == name and self.has_blob(entry):
                return Index.parse(self.read_manifest(entry)).manifests
        return ()

    def _put(self, entry: Descriptor) -> None:
        index = self.index()
        fields = msgspec.json.decode(index.raw)
        listed = entries.replaced(index.manifests, entry)
        fields["manifests"] = [msgspec.Raw(encode(each)) for each in listed]
        self._write(INDEX_FILE, iter((msgspec.json.encode(fields),)))

    @contextmanager
    def _writing(self, action: str) -> Iterator[None]:
        with outputs.writing(f"{self.name}: {action}"):
            self._prepare()
            yield

    def _prepare(self) -> None:
        if (self._path / INDEX_FILE).exists():
            return
        self._path.mkdir(parents=True, exist_ok=True)
        with _locked(self._path):
            if not (self._path / INDEX_FILE).exists():
                self._refuse_foreign()
                self._write(LAYOUT_FILE, iter((version_file(),)))
                empty = Index.make((), media_type=media_types.INDEX)
                self._write(INDEX_FILE, iter((empty.raw,)))

    def _refuse_foreign(self) -> None:
        foreign = set(os.listdir(self._path)) - {LAYOUT_FILE, "blobs"}
        foreign = {name for name in foreign if not name.startswith(".")}
        if foreign:
            hint = "choose an empty folder or one that holds a layout"
            raise ImageError(f"{self._path} is no OCI layout: it holds {min(foreign)!r}", hint)

    def _write(self, name: str, chunks: Iterator[bytes]) -> None:
        """By way of a name that readers pass over, so that a file is whole or not there."""
        target = self._path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with outputs.whole(target, self._path / f".{secrets.token_hex(8)}") as file:
            file.writelines(chunks)


class _FolderFiles:
    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self, name: str) -> int | None:
        with suppress(FileNotFoundError, NotADirectoryError):
            facts = (self._path / name).stat()
            return facts.st_size if stat.S_ISREG(facts.st_mode) else None
        return None

    @contextmanager
    def open(self, name: str, offset_bytes: int = 0) -> Iterator[Iterator[bytes]]:
        try:
            file = open(self._path / name, "rb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise ImageError(f"read {self._path / name}: {error.strerror}") from error
        with file:
            file.seek(offset_bytes)
            yield iter(lambda: file.read(_CHUNK_BYTES), b"")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder itself: a lock file would be no part of a layout."""
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)

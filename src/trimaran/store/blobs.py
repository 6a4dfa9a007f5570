"""Content by digest, in the folders of an OCI layout: ALGORITHM/HEX."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError, StoreError
from trimaran.store import files
from trimaran.store.scratch import Scratch
from trimaran.store.uses import Uses
from trimaran.store.writeback import Writeback

_BUFFER_BYTES = 1024 * 1024


class Blobs:
    """The blobs below `folder`. The time of a blob's file is that of its last use."""

    def __init__(self, folder: Path, scratch: Scratch, uses: Uses) -> None:
        self.root = folder.parent
        self.uses = uses
        self._folder = folder
        self._scratch = scratch

    def path(self, digest: str) -> Path:
        """Where the blob is, or would be. Raises ImageError if `digest` is none."""
        algorithm, _, encoded = digests.check(digest).partition(":")
        return self._folder / algorithm / encoded

    def has(self, digest: str) -> bool:
        path = self.path(digest)
        self.uses.note(digest)
        return files.touch(path)

    def open_file(self, digest: str) -> BinaryIO:
        """The blob's bytes, not checked. Raises NotFoundError."""
        self.has(digest)
        return self._open(digest)

    def read(self, digest: str, limit_bytes: int) -> bytes:
        """The blob's bytes, checked.

        Raises:
            NotFoundError: there is none.
            StoreError: it is damaged or longer than `limit_bytes`.
        """
        self.has(digest)
        return self.peek(digest, limit_bytes)

    def peek(self, digest: str, limit_bytes: int) -> bytes:
        """The same, by one who looks at the store: that is no use of the blob. Raises as `read`."""
        with self._open(digest) as file:
            data = file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise StoreError(f"blob {digest} is longer than {limit_bytes} bytes")
        if hashlib.new(digest.partition(":")[0], data).hexdigest() != digest.partition(":")[2]:
            hint = f"remove {self.path(digest)} and fetch or build the image again"
            raise StoreError(f"blob {digest} is damaged", hint)
        return data

    def _open(self, digest: str) -> BinaryIO:
        try:
            return open(self.path(digest), "rb")
        except FileNotFoundError as error:
            raise NotFoundError(f"blob {digest} is not in {self.root}") from error

    def put(self, data: bytes) -> str:
        """Store `data`; gives its sha256 digest."""
        target = self.path(digests.of(data))
        self.uses.note(digests.of(data))
        if not _is_there(target, len(data)):
            with files.guarded(self.root, "write a blob"):
                files.write_whole(target, data, self._scratch.folder)
        return digests.of(data)

    @contextmanager
    def writer(self, algorithm: str) -> Iterator[BlobWriter]:
        """A new blob, discarded at the end unless committed. Raises StoreError."""
        with files.guarded(self.root, "write a blob"):
            path = self._scratch.new_path("blob")
            file = open(path, "xb", buffering=_BUFFER_BYTES)  # noqa: SIM115 - closed below
        try:
            yield BlobWriter(self, path, file, algorithm)
        finally:
            with suppress(OSError):  # on a full disk the last flush fails again
                file.close()
            path.unlink(missing_ok=True)

    def remove(self, digest: str) -> int:
        """Remove a blob; gives the bytes that it had, 0 if there was none."""
        path = self.path(digest)
        with files.guarded(self.root, f"remove blob {digest}"):
            try:
                size_bytes = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                return 0
        return size_bytes

    def listed(self) -> Iterator[str]:
        """Every blob's digest."""
        for algorithm in sorted(os.listdir(self._folder)):
            for encoded in sorted(os.listdir(self._folder / algorithm)):
                if digests.is_digest(f"{algorithm}:{encoded}"):
                    yield f"{algorithm}:{encoded}"


class BlobWriter:
    """A blob that is being written: `write` as often as needed, then `commit` once."""

    def __init__(self, blobs: Blobs, path: Path, file: BinaryIO, algorithm: str) -> None:
        self._blobs = blobs
        self._path = path
        self._file = file
        self._algorithm = algorithm
        self._hasher = hashlib.new(algorithm)
        self._writeback = Writeback(file)
        self.size_bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Append `data`; gives its length. Raises StoreError."""
        with files.guarded(self._blobs.root, "write a blob"):
            self._file.write(data)
        self._hasher.update(data)
        self.size_bytes += len(data)
        self._writeback.grown(self.size_bytes)
        return len(data)

    def flush(self) -> None:
        """Do nothing: `commit` flushes. Writers of archives call it on any file."""

    def commit(self, expected_digest: str = "", expected_size: int = -1) -> str:
        """Make the blob part of the store; gives its digest.

        Args:
            expected_digest: what the content must be; empty if that is not known.
            expected_size: its length in bytes; -1 if that is not known.

        Raises:
            ImageError: the content is another one.
            StoreError: it could not be written.
        """
        digest = f"{self._algorithm}:{self._hasher.hexdigest()}"
        if expected_size not in (-1, self.size_bytes):
            raise ImageError(
                f"{expected_digest or digest} has {self.size_bytes} bytes,"
                f" {expected_size} were promised"
            )
        if expected_digest not in ("", digest):
            raise ImageError(f"{expected_digest} holds other bytes: {digest}")
        target = self._blobs.path(digest)
        self._blobs.uses.note(digest)
        with files.guarded(self._blobs.root, f"write blob {digest}"):
            self._publish(target)
        return digest

    def _publish(self, target: Path) -> None:
        self._file.flush()
        if _is_there(target, self.size_bytes):
            return
        os.fsync(self._file.fileno())
        files.publish(self._path, target)


def _is_there(target: Path, size_bytes: int) -> bool:
    return files.touch(target) and target.stat().st_size == size_bytes

"""Blobs whose download was cut short, kept so that the next command goes on where one ended.

PARTIAL/ALGORITHM-HEX holds the first bytes of that blob. What is in such a file may be anything (a
crash may have left zeros at its end): only the digest of the whole counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from trimaran import digests
from trimaran.store import files
from trimaran.store.blobs import Blobs
from trimaran.store.locks import Locks
from trimaran.store.partial_file import PartialFile

_BUFFER_BYTES = 1 << 20


class Partials:
    """The unfinished downloads in `folder`."""

    def __init__(self, folder: Path, blobs: Blobs, locks: Locks) -> None:
        self._folder = folder
        self._blobs = blobs
        self._locks = locks

    @contextmanager
    def open(self, digest: str) -> Iterator[PartialBlob | None]:
        """The beginning of a blob, alone among all processes; kept at the end unless committed.

        None if another made it whole while this one waited.

        Raises:
            StoreError: it cannot be written.
        """
        name = digests.check(digest).replace(":", "-")
        self._blobs.uses.note(name)
        with self._locks.lock(f"partial {name}"):
            if self._blobs.has(digest):
                yield None
                return
            self._blobs.uses.note(digest)
            with files.guarded(self._blobs.root, f"write blob {digest}"):
                files.ensure_folder(self._folder)
                file = open(self._folder / name, "a+b", buffering=_BUFFER_BYTES)  # noqa: SIM115
            try:
                partial = PartialBlob(self._blobs, digest, self._folder / name, file)
                try:
                    yield partial
                finally:
                    if not partial.size_bytes:
                        (self._folder / name).unlink(missing_ok=True)
            finally:
                # Writes what the buffer still holds, which a full disk refuses once more.
                with files.guarded(self._blobs.root, f"write blob {digest}"):
                    file.close()

    def listed(self) -> Iterator[Path]:
        """The files that are there; their names are those for `Uses`."""
        yield from sorted(self._folder.glob("*-*"))


class PartialBlob:
    """A blob's first `size_bytes` bytes; what is written follows them."""

    def __init__(self, blobs: Blobs, digest: str, path: Path, file: BinaryIO) -> None:
        self._blobs = blobs
        self._digest = digest
        with files.guarded(blobs.root, f"read {path}"):
            self._partial = PartialFile(path, file, digest)

    @property
    def size_bytes(self) -> int:
        return self._partial.size_bytes

    def write(self, data: bytes) -> None:
        """Append. Raises StoreError."""
        with files.guarded(self._blobs.root, "write a blob"):
            self._partial.write(data)

    def restart(self) -> None:
        """Forget what is there. Raises StoreError."""
        with files.guarded(self._blobs.root, "write a blob"):
            self._partial.restart()

    def commit(self, expected_size: int) -> None:
        """Make it part of the store.

        Raises:
            ImageError: these are other bytes; none of them is kept.
            StoreError: it could not be written.
        """
        with files.guarded(self._blobs.root, f"write blob {self._digest}"):
            self._partial.check(expected_size)
            self._partial.publish(self._blobs.path(self._digest))

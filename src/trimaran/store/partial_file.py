"""A file with the beginning of a blob, hashed as it grows, whoever keeps it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Protocol

from trimaran.errors import ImageError
from trimaran.oci.models import Descriptor
from trimaran.oci.place import OpenFrom
from trimaran.store import files
from trimaran.store.writeback import Writeback

_BUFFER_BYTES = 1 << 20


class Partial(Protocol):
    """A blob's first `size_bytes` bytes; what is written follows them."""

    @property
    def size_bytes(self) -> int: ...

    def write(self, data: bytes) -> None: ...

    def restart(self) -> None: ...

    def commit(self, expected_size: int) -> None: ...


class PartialFile:
    """The bytes that `file` has, and those that are written behind them.

    Args:
        path: the file's name.
        file: it, open for reading and appending, and buffered.
        digest: what the whole is to be.
    """

    def __init__(self, path: Path, file: BinaryIO, digest: str) -> None:
        self._path = path
        self._file = file
        self._digest = digest
        self._hasher = hashlib.new(digest.partition(":")[0])
        self.size_bytes = 0
        file.seek(0)
        while chunk := file.read(_BUFFER_BYTES):
            self._take(chunk)
        self._writeback = Writeback(file, self.size_bytes)

    def write(self, data: bytes) -> None:
        """Append. Raises OSError."""
        self._file.write(data)
        self._take(data)
        self._writeback.grown(self.size_bytes)

    def restart(self) -> None:
        """Forget what is there. Raises OSError."""
        self._file.seek(0)
        self._file.truncate()
        self._hasher = hashlib.new(self._digest.partition(":")[0])
        self.size_bytes = 0
        self._writeback = Writeback(self._file)

    def check(self, expected_size: int) -> None:
        """Hold the whole against its digest and size.

        Raises:
            ImageError: these are other bytes; none of them is kept.
            OSError: they cannot be removed.
        """
        found = f"{self._digest.partition(':')[0]}:{self._hasher.hexdigest()}"
        if found != self._digest or self.size_bytes != expected_size:
            size_bytes = self.size_bytes
            self.restart()
            raise ImageError(
                f"{self._digest} holds other bytes: {found}, {size_bytes} of {expected_size}"
            )

    def publish(self, target: Path) -> None:
        """Make it durable, and give it the name `target`. Raises OSError."""
        self._file.flush()
        os.fsync(self._file.fileno())
        files.publish(self._path, target)

    def _take(self, data: bytes) -> None:
        self._hasher.update(data)
        self.size_bytes += len(data)


def complete(partial: Partial, descriptor: Descriptor, open_from: OpenFrom) -> None:
    """Read what is missing of a blob, or all of it where its beginning was hurt, and commit it.

    Raises:
        ImageError: its bytes are others, also when it is read from its start.
        TrimaranError: what the source and `partial` raise; the beginning is kept.
    """
    if partial.size_bytes > descriptor.size:
        partial.restart()
    began = partial.size_bytes
    try:
        _fill(partial, descriptor, open_from)
    except ImageError:
        if not began:
            raise
        partial.restart()
        _fill(partial, descriptor, open_from)


def _fill(partial: Partial, descriptor: Descriptor, open_from: OpenFrom) -> None:
    if partial.size_bytes < descriptor.size:
        with open_from(partial.size_bytes) as chunks:
            for chunk in chunks:
                partial.write(chunk)
                if partial.size_bytes > descriptor.size:
                    break
    partial.commit(descriptor.size)

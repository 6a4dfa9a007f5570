"""Files that the disk begins with while they grow, so that their fsync has little left to do."""

from __future__ import annotations

from contextlib import suppress
from typing import BinaryIO

_STEP_BYTES = 8 << 20


class Writeback:
    """Of a file that is written from start to end; what it had before is left alone.

    It promises nothing: the fsync does, and tells what the disk failed at.
    """

    def __init__(self, file: BinaryIO, size_bytes: int = 0) -> None:
        self._file = file
        self._begun = size_bytes

    def grown(self, size_bytes: int) -> None:
        """Let the disk begin with what is new, if that is worth a call."""
        length = size_bytes - self._begun
        if length < _STEP_BYTES:
            return
        # Small blobs, as all are in a build from the cache, need not load it.
        from trimaran.linux import syscalls  # noqa: PLC0415

        with suppress(OSError):  # some file systems and sandboxes do not know it
            syscalls.start_writing(self._file.fileno(), self._begun, length)
        self._begun = size_bytes

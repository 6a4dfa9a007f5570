"""Exact amounts out of a stream of chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

CHUNK_BYTES = 1 << 20

Source = BinaryIO | Iterable[bytes]
"""What an archive is read from: an open file, or chunks of any size."""


def chunks(source: Source) -> Iterator[bytes]:
    """The source's bytes, in chunks as they come."""
    read: Callable[[int], bytes] | None = getattr(source, "read", None)
    if read is None:
        yield from source
        return
    while chunk := read(CHUNK_BYTES):
        yield chunk


class ByteStream:
    """Takes bytes out of chunks.

    Args:
        pieces: the chunks, of any size.

    Raises:
        EOFError: from every method that is asked for more than there is.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._chunks = pieces
        self._chunk = b""
        self._position = 0

    def at_end(self) -> bool:
        """Whether no byte is left."""
        while self._position >= len(self._chunk):
            chunk = next(self._chunks, None)
            if chunk is None:
                return True
            self._chunk = chunk
            self._position = 0
        return False

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self._position + count
        if end <= len(self._chunk):
            data = self._chunk[self._position : end]
            self._position = end
            return data
        return b"".join(self.pieces(count))

    def pieces(self, count: int) -> Iterator[memoryview]:
        """The next `count` bytes, piece by piece, without copies."""
        while count > 0:
            if self.at_end():
                raise EOFError
            piece = memoryview(self._chunk)[self._position : self._position + count]
            self._position += len(piece)
            count -= len(piece)
            yield piece

    def skip(self, count: int) -> None:
        """Pass over `count` bytes."""
        for _ in self.pieces(count):
            pass

    def drain(self) -> None:
        """Pass over everything to the end."""
        while not self.at_end():
            self._position = len(self._chunk)

"""The bytes of an upload, from any offset, checked, and opened again only to go back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from trimaran import digests
from trimaran.oci.models import Descriptor
from trimaran.oci.place import OpenBlob


class SourceFailed(Exception):  # noqa: N818 - what happened, as the callers read it
    """The source's own error is its cause: kept apart from the errors of the connection."""


class BlobSource:
    """A blob that is read once from start to end if all goes well.

    Args:
        descriptor: what the bytes must be.
        open_blob: opens them from the start.
    """

    def __init__(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        self._descriptor = descriptor
        self._open_blob = open_blob
        self._opened = ExitStack()
        self._chunks: Iterator[bytes] = iter(())
        self._kept = b""
        self._position = -1

    def part(self, offset: int, length: int) -> Iterator[bytes]:
        """`length` bytes from `offset`; the whole is checked when its last byte is passed on.

        Raises:
            SourceFailed: the source cannot be read, or holds other bytes.
        """
        try:
            if self._position != offset:
                self._reopen()
                for _ in self._take(offset):
                    pass
            yield from self._take(length)
        except Exception as error:
            self._position = -1
            raise SourceFailed from error

    def close(self) -> None:
        """Close the source."""
        self._opened.close()

    def _reopen(self) -> None:
        self._opened.close()
        chunks = self._opened.enter_context(self._open_blob())
        self._chunks = digests.verified(chunks, self._descriptor.digest, self._descriptor.size)
        self._kept = b""
        self._position = 0

    def _take(self, length: int) -> Iterator[bytes]:
        """The next `length` bytes; what is left of a chunk is kept."""
        end = self._position + length
        while self._position < end:
            chunk = self._kept or next(self._chunks)
            piece = chunk[: end - self._position]
            self._kept = chunk[len(piece) :]
            self._position += len(piece)
            if self._position == self._descriptor.size:
                # Runs into the check of size and digest before the last bytes leave.
                for _ in self._chunks:
                    pass
            yield piece

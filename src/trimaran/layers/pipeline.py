"""The one pass that every byte of a new layer takes: hash, compress, hash, write."""

from __future__ import annotations

import hashlib
import os
from types import TracebackType
from typing import Protocol, Self

import msgspec

from trimaran.layers.compression import BLOCK_BYTES, compressor
from trimaran.request import Compression


class Writable(Protocol):
    """Where bytes go: a file, or a blob that the store is writing."""

    def write(self, data: bytes, /) -> object: ...


class WrittenLayer(msgspec.Struct, frozen=True):
    """A layer that was written.

    Attributes:
        diff_id: digest of the uncompressed archive (config.md, Layer DiffID).
        digest: digest of the bytes that were written.
        size_bytes: their number.
        diff_size_bytes: the uncompressed archive's size.
        media_type: the compression's, an OCI one.
    """

    diff_id: str
    digest: str
    size_bytes: int
    diff_size_bytes: int
    media_type: str


class LayerSink:
    """Takes an archive's bytes and writes the layer to `out`, block by block.

    Blocks are of one size whatever the calls were, so that equal archives give equal layers.
    """

    def __init__(self, out: Writable, compression: Compression, level: int | None = None) -> None:
        self._out = out
        self._compressor, self._media_type = compressor(compression, level)
        self._block = memoryview(bytearray(BLOCK_BYTES))
        self._filled = 0
        self._plain = hashlib.sha256()
        # Uncompressed, both digests are one.
        self._compressed = self._plain if compression == "uncompressed" else hashlib.sha256()
        self._plain_size = self._compressed_size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._compressor.close()

    def write(self, data: bytes, /) -> None:
        """Append `data`."""
        while data:
            piece = data[: BLOCK_BYTES - self._filled]
            self._block[self._filled : self._filled + len(piece)] = piece
            self._advance(len(piece))
            data = data[len(piece) :]

    def read_from(self, fd: int, count: int) -> int:
        """Append up to `count` bytes of an open file; fewer if it ends before. Gives how many."""
        left = count
        while left > 0:
            end = min(BLOCK_BYTES, self._filled + left)
            got = os.readv(fd, (self._block[self._filled : end],))
            if not got:
                break
            self._advance(got)
            left -= got
        return count - left

    def finish(self) -> WrittenLayer:
        """Write what is left; the layer is complete."""
        self._flush()
        self._emit(self._compressor.finish())
        return WrittenLayer(
            "sha256:" + self._plain.hexdigest(),
            "sha256:" + self._compressed.hexdigest(),
            self._compressed_size,
            self._plain_size,
            self._media_type,
        )

    def _advance(self, count: int) -> None:
        self._filled += count
        if self._filled == BLOCK_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._filled:
            return
        block = bytes(self._block[: self._filled])
        self._filled = 0
        self._plain.update(block)
        self._plain_size += len(block)
        self._emit(self._compressor.compress(block))

    def _emit(self, data: bytes) -> None:
        if data:
            if self._compressed is not self._plain:
                self._compressed.update(data)
            self._compressed_size += len(data)
            self._out.write(data)

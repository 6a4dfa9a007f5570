"""Reads gzip, zstd, bzip2, xz and plain bytes, told apart by their first bytes.

Several members or frames in a row count as one stream, as their formats have it.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import re
from collections.abc import Callable, Iterator
from typing import Protocol, cast

import zstandard
from isal import isal_zlib

from trimaran.errors import LayerError

_OUTPUT_BYTES = 1 << 20
_ZSTD_INPUT_BYTES = 1 << 13
"""zstd's interface cannot bound its output, and a frame may grow 32768-fold: 256 MiB at worst."""
_TAR_MAGIC = slice(257, 262)
"""Where a plain archive's first header says `ustar`; what stands before it is a file's name."""
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""A zstd frame without content, which may come first (RFC 8878, 3.1.2)."""
_DAMAGED = (
    cast("type[Exception]", isal_zlib.error),
    zstandard.ZstdError,
    lzma.LZMAError,
    OSError,
    ValueError,
)


class _Decoder(Protocol):
    """One member: `feed` gives what `data` decodes to, piece by piece."""

    def feed(self, data: bytes) -> Iterator[bytes]: ...

    @property
    def eof(self) -> bool: ...

    @property
    def unused(self) -> bytes:
        """What followed the member's end."""
        ...


def is_compressed(head: bytes) -> bool:
    """Whether data that begins with `head` is compressed in a way that `decompressed` undoes."""
    return _decoder_of(head) is not None


def decompressed(chunks: Iterator[bytes], label: str) -> Iterator[bytes]:
    """The uncompressed bytes of a stream, in chunks of at most some MiB.

    Args:
        chunks: compressed bytes, or plain ones.
        label: what the stream is, for messages.

    Raises:
        LayerError: it is damaged or cut short.
    """
    start, chunks = _peek(chunks)
    new = _decoder_of(start)
    if new is None:
        yield from chunks
        return
    try:
        yield from _members(chunks, new)
    except EOFError:
        raise LayerError(f"{label}: the compressed data is cut short") from None
    except _DAMAGED as error:
        # bz2 says OSError of bad data; one with a number is the system's.
        if isinstance(error, OSError) and error.errno:
            raise
        raise LayerError(f"{label}: the compressed data is damaged: {error}") from error


def diff_id(chunks: Iterator[bytes], label: str) -> str:
    """The digest of a layer's uncompressed archive (config.md, rootfs). Raises LayerError."""
    hasher = hashlib.sha256()
    for chunk in decompressed(chunks, label):
        hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= _TAR_MAGIC.stop:
            break

    def whole() -> Iterator[bytes]:
        yield start
        yield from chunks

    return start, whole()


def _decoder_of(start: bytes) -> Callable[[], _Decoder] | None:
    if start[_TAR_MAGIC] == b"ustar":
        return None
    if start.startswith(b"\x1f\x8b"):
        return _Gzip
    if start.startswith(b"\x28\xb5\x2f\xfd") or _SKIPPABLE.match(start):
        return _Zstd
    if start.startswith(b"BZh"):
        return _bzip2
    if start.startswith(b"\xfd7zXZ\0"):
        return _xz
    return None


def _members(chunks: Iterator[bytes], new: Callable[[], _Decoder]) -> Iterator[bytes]:
    decoder: _Decoder | None = new()
    for chunk in chunks:
        data = chunk
        while data:
            if decoder is None:
                # Padding between and after members: gzip(1) and xz(1) allow it.
                data = data.lstrip(b"\0")
                if not data:
                    break
                decoder = new()
            yield from decoder.feed(data)
            data = decoder.unused if decoder.eof else b""
            decoder = None if decoder.eof else decoder
    if decoder is not None:
        raise EOFError


class _Gzip:
    def __init__(self) -> None:
        self._inner = isal_zlib.decompressobj(31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            output = self._inner.decompress(data, _OUTPUT_BYTES)
            data = self._inner.unconsumed_tail
            if output:
                yield output
            if self.eof or not (data or len(output) == _OUTPUT_BYTES):
                return

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused(self) -> bytes:
        return bytes(self._inner.unused_data)


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor().decompressobj()
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_INPUT_BYTES):
            end = start + _ZSTD_INPUT_BYTES
            output = self._inner.decompress(data[start:end])
            if output:
                yield output
            if self.eof:
                self._rest = self._inner.unused_data + data[end:]
                return

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused(self) -> bytes:
        return self._rest


class _Buffering:
    """bz2's and lzma's interface."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._inner = inner

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            output = self._inner.decompress(data, _OUTPUT_BYTES)
            data = b""
            if output:
                yield output
            if self.eof or self._inner.needs_input:
                return

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused(self) -> bytes:
        return self._inner.unused_data


def _bzip2() -> _Decoder:
    return _Buffering(bz2.BZ2Decompressor())


def _xz() -> _Decoder:
    return _Buffering(lzma.LZMADecompressor(lzma.FORMAT_XZ))

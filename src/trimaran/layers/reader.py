"""Reads tar archives entry by entry, without seeking.

Understood: V7, ustar, star, PAX, GNU long names and links, base-256 numbers. Global PAX headers are
passed over, as Go's archive/tar does, on which the other engines stand: the same layer must give
the same files here and there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NoReturn

from trimaran.errors import LayerError
from trimaran.layers import headers, pax
from trimaran.layers.entries import Entry, Kind, shown
from trimaran.layers.headers import BLOCK_BYTES, ZEROS, Header
from trimaran.layers.streams import ByteStream

_KINDS: Mapping[bytes, Kind] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "link",
    b"2": "symlink",
    b"3": "char",
    b"4": "block",
    b"5": "folder",
    b"6": "fifo",
}
_WITH_DATA = frozenset((b"0", b"\0", b"7"))
"""What others, links and folders say of their size means nothing (Go, GNU tar)."""
_EXTENSION_LIMIT_BYTES = 1 << 20
"""Go's archive/tar has the same limit for PAX headers and GNU names."""
_NS = 10**9
_HIGHEST_ID = 2**32 - 1
_LATEST_NS = (2**63 - 1) * _NS
"""What the kernel takes; it cuts times to what the file system can store."""


class TarReader:
    """Iterates over an archive's entries; `pieces` or `read` gives the current entry's data.

    Args:
        stream: the uncompressed archive.
        label: what the archive is, for messages.

    Raises:
        LayerError: from iteration and reading, if the archive is malformed or cut short.
    """

    def __init__(self, stream: ByteStream, label: str = "archive") -> None:
        self._stream = stream
        self._label = label
        self._left = 0
        self._padding = 0
        self._last = ""

    def __iter__(self) -> Iterator[Entry]:
        while True:
            try:
                entry = self._next()
            except ValueError as error:
                self._fail(str(error))
            except EOFError:
                self._fail("cut short")
            if entry is None:
                return
            self._last = shown(entry.name)
            yield entry

    def pieces(self) -> Iterator[memoryview]:
        """The current entry's data that was not read yet."""
        count, self._left = self._left, 0
        try:
            yield from self._stream.pieces(count)
        except EOFError:
            self._fail("cut short")

    def read(self, limit_bytes: int) -> bytes:
        """The current entry's whole data; a LayerError if it is more than `limit_bytes`."""
        if self._left > limit_bytes:
            self._fail(f"more than {limit_bytes} bytes")
        return b"".join(self.pieces())

    def _fail(self, what: str) -> NoReturn:
        where = f"at or after entry {self._last}" if self._last else "at its start"
        raise LayerError(f"{self._label}: malformed tar archive {where}: {what}") from None

    def _next(self) -> Entry | None:
        long_name = long_link = None
        records: dict[bytes, bytes] = {}
        while (header := self._header()) is not None:
            match header.typeflag:
                case b"L":
                    long_name = self._extension(header).partition(b"\0")[0]
                case b"K":
                    long_link = self._extension(header).partition(b"\0")[0]
                case b"x":
                    records = pax.decode(self._extension(header))
                case b"g" | b"V":
                    self._begin(header.size)
                case _:
                    entry = _entry(header, long_name, long_link, records)
                    self._begin(entry.size)
                    return entry
        return None

    def _header(self) -> Header | None:
        self._stream.skip(self._left + self._padding)
        self._left = self._padding = 0
        # Many writers leave the closing blocks out, or write only one.
        if self._stream.at_end():
            return None
        block = self._stream.take(BLOCK_BYTES)
        if block != ZEROS:
            return headers.decode(block)
        if not self._stream.at_end() and self._stream.take(BLOCK_BYTES) != ZEROS:
            raise ValueError("a block of zeros is followed by more")
        return None

    def _begin(self, size: int) -> None:
        if size < 0:
            raise ValueError("negative size")
        self._left = size
        self._padding = -size % BLOCK_BYTES

    def _extension(self, header: Header) -> bytes:
        if not 0 <= header.size <= _EXTENSION_LIMIT_BYTES:
            raise ValueError("extension header of an unlikely size")
        data = self._stream.take(header.size)
        self._stream.skip(-header.size % BLOCK_BYTES)
        return data


def _entry(
    header: Header,
    long_name: bytes | None,
    long_link: bytes | None,
    records: Mapping[bytes, bytes],
) -> Entry:
    name = records.get(b"path") or long_name or header.name
    kind = _kind(header, name, records)
    mtime = records.get(b"mtime")
    return Entry(
        name.rstrip(b"/") or b".",
        kind,
        header.mode,
        _id(_override(records, b"uid", header.uid)),
        _id(_override(records, b"gid", header.gid)),
        _override(records, b"size", header.size) if header.typeflag in _WITH_DATA else 0,
        _time(pax.decode_time(mtime) if mtime else header.mtime_s * _NS),
        records.get(b"linkpath") or long_link or header.link,
        header.major,
        header.minor,
        _xattrs(records) if records else {},
    )


def _kind(header: Header, name: bytes, records: Mapping[bytes, bytes]) -> Kind:
    if header.typeflag == b"S" or any(key.startswith(b"GNU.sparse.") for key in records):
        raise ValueError(f"{shown(name)} is a sparse entry, which is not supported")
    kind = _KINDS.get(header.typeflag)
    if kind is None:
        raise ValueError(f"{shown(name)} has the unknown type {header.typeflag!r}")
    # V7 knew no folders but by the slash.
    return "folder" if header.typeflag == b"\0" and name.endswith(b"/") else kind


def _override(records: Mapping[bytes, bytes], key: bytes, value: int) -> int:
    record = records.get(key)
    return pax.decode_number(record) if record else value


def _id(value: int) -> int:
    # The highest one is chown(2)'s "leave it".
    if not 0 <= value < _HIGHEST_ID:
        raise ValueError(f"the user or group id {value} is out of range")
    return value


def _time(mtime_ns: int) -> int:
    return max(-_LATEST_NS, min(mtime_ns, _LATEST_NS))


def _xattrs(records: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    start = len(pax.XATTR_PREFIX)
    return {
        key[start:]: value for key, value in records.items() if key.startswith(pax.XATTR_PREFIX)
    }

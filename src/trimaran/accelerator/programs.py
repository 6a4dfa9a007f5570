"""An ELF file's segments and dynamic section (gABI, chapter 5), as starting and patching need them.

Only 64-bit little-endian files are read: those are all the hosts that stand-ins are for.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import msgspec

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_GNU_RELRO = 1, 2, 3, 0x6474E552
DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 1, 5, 15, 29
ET_EXEC = 2
_PF_X, PF_W = 1, 2
EM_X86_64, EM_AARCH64 = 62, 183
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_IDENT = b"\x7fELF\x02\x01"


class Segment(msgspec.Struct, frozen=True):
    """A program header; `at` is the offset of the header itself in the file."""

    at: int
    kind: int
    flags: int
    offset: int
    address: int
    file_bytes: int
    memory_bytes: int


class Program:
    """A program or shared object.

    Args:
        data: the whole file.

    Raises:
        ValueError: it is not one, is damaged, or is for another kind of host.
    """

    def __init__(self, data: bytes) -> None:
        if data[:6] != _IDENT or len(data) < HEADER.size:
            raise ValueError("it is no 64-bit little-endian ELF file")
        header = HEADER.unpack_from(data)
        self.data = data
        self.kind, self.machine = header[1], header[2]
        size, count = header[9], header[10]
        if size != SEGMENT.size or header[5] + size * count > len(data):
            raise ValueError("its program headers are damaged")
        self.segments = tuple(self._segment(header[5] + size * index) for index in range(count))
        self.dynamic = tuple(self._dynamic())

    @property
    def interpreter(self) -> str:
        """The dynamic loader that it asks for; empty if it is static or a library."""
        for segment in self.segments:
            if segment.kind == PT_INTERP:
                return self._text(segment.offset, segment.offset + segment.file_bytes)
        return ""

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of the libraries that it needs."""
        return self._strings(DT_NEEDED)

    @property
    def search_paths(self) -> tuple[str, ...]:
        """Its own folders of libraries (DT_RPATH, DT_RUNPATH)."""
        return self._strings(DT_RPATH, DT_RUNPATH)

    @property
    def code(self) -> tuple[Segment, ...]:
        """The segments that are executed."""
        return tuple(one for one in self.segments if one.kind == PT_LOAD and one.flags & _PF_X)

    def offset_of(self, address: int) -> int:
        """Where in the file an address's byte is; ValueError if it is in none of the segments."""
        for one in self.segments:
            if one.kind == PT_LOAD and one.address <= address < one.address + one.file_bytes:
                return address - one.address + one.offset
        raise ValueError(f"address {address:#x} is in no segment")

    def address_of(self, offset: int) -> int:
        """The address of a byte of the file; ValueError if it is in none of the segments."""
        for one in self.segments:
            if one.kind == PT_LOAD and one.offset <= offset < one.offset + one.file_bytes:
                return offset - one.offset + one.address
        raise ValueError(f"offset {offset:#x} is in no segment")

    def constants(self, text: bytes) -> Iterator[int]:
        """The addresses of a constant text, which may be the end of another one.

        Raises:
            ValueError: it is nowhere.
        """
        found = 0
        for one in self.segments:
            if one.kind == PT_LOAD and not one.flags & PF_W:
                whole = re.compile(re.escape(text) + b"\0")
                for match in whole.finditer(self.data, one.offset, one.offset + one.file_bytes):
                    found += 1
                    yield self.address_of(match.start())
        if not found:
            raise ValueError(f"it has no text {text.decode(errors='replace')!r}")

    def _segment(self, at: int) -> Segment:
        kind, flags, offset, address, _, file_bytes, memory, _ = SEGMENT.unpack_from(self.data, at)
        if offset + file_bytes > len(self.data):
            raise ValueError("a segment reaches out of the file")
        return Segment(at, kind, flags, offset, address, file_bytes, memory)

    def _dynamic(self) -> Iterator[tuple[int, int]]:
        for segment in self.segments:
            if segment.kind == PT_DYNAMIC:
                end = segment.offset + segment.file_bytes
                yield from _ENTRY.iter_unpack(
                    self.data[segment.offset : end - segment.file_bytes % 16]
                )

    def _strings(self, *tags: int) -> tuple[str, ...]:
        table = next((value for tag, value in self.dynamic if tag == DT_STRTAB), 0)
        offsets = [value for tag, value in self.dynamic if tag in tags]
        start = self.offset_of(table) if offsets else 0
        return tuple(self._text(start + offset, len(self.data)) for offset in offsets)

    def _text(self, start: int, end: int) -> str:
        stop = self.data.find(b"\0", start, end)
        return self.data[start : stop if stop >= 0 else end].decode(errors="surrogateescape")

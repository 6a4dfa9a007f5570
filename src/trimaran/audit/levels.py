"""Reads from an ELF file what it needs of its CPU: ARM and RISC-V attributes, x86 properties.

Written here, not taken from pyelftools: a Debian image for ARM has a thousand such files, and the
audit reads all of them on each push. What is malformed says nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from trimaran.audit.facts import Levels
from trimaran.elf import ElfFacts

EM_386, EM_ARM, EM_X86_64, EM_RISCV = 3, 40, 62, 243
WHOLE_FILE = (EM_ARM, EM_RISCV)
"""Their attributes stand in a section, which is mostly the file's end."""
_ATTRIBUTES = 0x70000003  # SHT_ARM_ATTRIBUTES, and SHT_RISCV_ATTRIBUTES as well
_PT_NOTE, _PT_PROPERTY = 4, 0x6474E553
_PROPERTY_NOTE = 5  # NT_GNU_PROPERTY_TYPE_0
_ISA_NEEDED = 0xC0008002  # GNU_PROPERTY_X86_ISA_1_NEEDED
_PT_DYNAMIC, _FLAGS_1, _PIE = 2, 0x6FFFFFFB, 0x08000000  # DT_FLAGS_1 and DF_1_PIE
_LIMIT_BYTES = 1 << 16
_LIMIT_SECTIONS = 4096
_HARD, _SOFT = 0x400, 0x200  # EF_ARM_ABI_FLOAT_HARD and _SOFT
_CPU_ARCH, _VFP_ARGS, _RISCV_ARCH = 6, 28, 5
_FILE_SCOPE = 1  # Tag_File
_TEXTS = (4, 5, 65, 67)  # ARM's tags of strings below and above 32
_BOTH = 32  # Tag_compatibility: a number and a string
# phoff, shoff, phentsize, phnum, shentsize, shnum behind e_entry.
_HEADER = {32: (28, "IIIHHHHH"), 64: (32, "QQIHHHHH")}
# type, offset, size of a program header and of a section header; type, offset, flags of the former.
_PROGRAM = {32: "I I 8x I", 64: "I 4x Q 16x Q"}
_SECTION = {32: "4x I 8x I I", 64: "4x I 16x Q Q"}
_SEGMENT = {32: "I I 16x I", 64: "I I Q"}
_PT_LOAD, _PF_W = 1, 2


def read_levels(file: BinaryIO, facts: ElfFacts) -> Levels:
    """What the file needs of its CPU.

    Args:
        file: the whole file, or its start for CPUs that are not of `WHOLE_FILE`; it can seek.
        facts: from its header.
    """
    try:
        return _read(file, facts)
    except (struct.error, ValueError, IndexError, OverflowError):
        return Levels()


def _read(file: BinaryIO, facts: ElfFacts) -> Levels:
    order = ">" if facts.big_endian else "<"
    if facts.e_machine == EM_ARM:
        tags = _attributes(_section(file, facts), order, riscv=False)
        return Levels(
            int(tags.get(_CPU_ARCH, -1)),
            tags.get(_VFP_ARGS) == 1 or bool(facts.e_flags & _HARD),
            bool(facts.e_flags & _SOFT),
            _is_pie(file, facts, order),
        )
    if facts.e_machine == EM_RISCV:
        tags = _attributes(_section(file, facts), order, riscv=True)
        return Levels(riscv_extensions=extensions(str(tags.get(_RISCV_ARCH, ""))))
    if facts.e_machine in (EM_386, EM_X86_64):
        return Levels(x86_level=_x86_level(file, facts))
    return Levels()


def _is_pie(file: BinaryIO, facts: ElfFacts, order: str) -> bool:
    """Whether a 32-bit file says of itself that it is a program: a static one names no loader."""
    for kind, offset, size in _headers(file, facts, _PROGRAM):
        if kind == _PT_DYNAMIC:
            file.seek(offset)
            data = file.read(min(size, _LIMIT_BYTES))
            tags = struct.iter_unpack(order + "II", data[: len(data) & ~7])
            return any(tag == _FLAGS_1 and bool(value & _PIE) for tag, value in tags)
    return False


def extensions(text: str) -> tuple[str, ...]:
    """The extensions of an ISA string such as `rv64i2p1_m2p0_zba1p0`, versions dropped."""
    parts = text.lower().removeprefix("rv64").removeprefix("rv32").split("_")
    return tuple(re.sub(r"\d+p\d+$", "", part) for part in parts if part)


def writable_start(file: BinaryIO, facts: ElfFacts) -> int:
    """Where the first segment begins that is loaded to be written; 0 if that cannot be told."""
    try:
        found = tuple(_headers(file, facts, _SEGMENT))
    except (struct.error, ValueError, OverflowError):
        return 0
    if facts.elf_class == 64:  # noqa: PLR2004 - there the flags stand first
        found = tuple((kind, offset, flags) for kind, flags, offset in found)
    starts = [offset for kind, offset, flags in found if kind == _PT_LOAD and flags & _PF_W]
    return min(starts, default=0)


def _headers(
    file: BinaryIO, facts: ElfFacts, layouts: Mapping[int, str]
) -> Iterator[tuple[int, int, int]]:
    """Three fields of each section, for the layouts of `_SECTION`, or of each program header."""
    order = ">" if facts.big_endian else "<"
    start, layout = _HEADER[facts.elf_class]
    file.seek(start)
    fields = struct.unpack(order + layout, file.read(struct.calcsize(order + layout)))
    phoff, shoff, _, _, phentsize, phnum, shentsize, shnum = fields
    sections = layouts is _SECTION
    table = (shoff, shentsize, shnum) if sections else (phoff, phentsize, phnum)
    layout = order + layouts[facts.elf_class]
    for number in range(min(table[2], _LIMIT_SECTIONS)):
        file.seek(table[0] + number * table[1])
        kind, second, third = struct.unpack(layout, file.read(struct.calcsize(layout)))
        yield kind, second, third


def _section(file: BinaryIO, facts: ElfFacts) -> bytes:
    for kind, offset, size in _headers(file, facts, _SECTION):
        if kind == _ATTRIBUTES:
            file.seek(offset)
            return file.read(min(size, _LIMIT_BYTES))
    return b""


def _attributes(data: bytes, order: str, *, riscv: bool) -> dict[int, int | str]:
    """The tags of file scope of all vendors (ELF for the Arm Architecture, build attributes)."""
    found: dict[int, int | str] = {}
    position = 1
    while data[:1] == b"A" and position + 4 <= len(data):
        (length,) = struct.unpack_from(order + "I", data, position)
        vendor = data[position + 4 : position + length]
        _, _, scopes = vendor.partition(b"\0")
        while len(scopes) > 5:  # noqa: PLR2004 - a tag and its size
            (size,) = struct.unpack_from(order + "I", scopes, 1)
            if scopes[0] == _FILE_SCOPE:
                found.update(_tags(scopes[5:size], riscv=riscv))
            scopes = scopes[max(size, 5) :]
        position += max(length, 4)
    return found


def _tags(data: bytes, *, riscv: bool) -> Iterator[tuple[int, int | str]]:
    while data:
        tag, data = _number(data)
        is_text = tag % 2 == 1 if riscv or tag > _BOTH else tag in _TEXTS
        if tag == _BOTH and not riscv:
            _, data = _number(data)
            is_text = True
        if is_text:
            text, _, data = data.partition(b"\0")
            yield tag, text.decode("ascii", "replace")
        else:
            value, data = _number(data)
            yield tag, value


def _number(data: bytes) -> tuple[int, bytes]:
    """A ULEB128 number and what follows it."""
    value = 0
    for position, byte in enumerate(data[:10]):
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:  # noqa: PLR2004 - the last byte's mark
            return value, data[position + 1 :]
    raise ValueError("a number without end")


def _x86_level(file: BinaryIO, facts: ElfFacts) -> int:
    alignment = facts.elf_class // 8
    for kind, offset, size in _headers(file, facts, _PROGRAM):
        if kind not in (_PT_NOTE, _PT_PROPERTY):
            continue
        file.seek(offset)
        for note in _notes(file.read(min(size, _LIMIT_BYTES)), alignment):
            for number, value in _properties(note, alignment):
                if number == _ISA_NEEDED:
                    return int.from_bytes(value[:4], "little").bit_length()
    return 0


def _notes(data: bytes, alignment: int) -> Iterator[bytes]:
    """The descriptions of GNU's property notes (Linux extensions to the gABI)."""
    while len(data) >= 16:  # noqa: PLR2004 - a note's header and GNU's name
        name_size, size, kind = struct.unpack_from("<III", data)
        start = 12 + (-(-name_size // 4) * 4)
        if (kind, data[12:16]) == (_PROPERTY_NOTE, b"GNU\0"):
            yield data[start : start + size]
            data = data[start + -(-size // alignment) * alignment :]
        else:
            data = data[start + -(-size // 4) * 4 :]


def _properties(data: bytes, alignment: int) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 8:  # noqa: PLR2004 - a property's type and size
        number, size = struct.unpack_from("<II", data)
        yield number, data[8 : 8 + size]
        data = data[8 + -(-size // alignment) * alignment :]

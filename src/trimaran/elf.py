"""Facts of an ELF file's header (gABI, chapters 4 and 5), as far as choosing a CPU needs them."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO

import msgspec

from trimaran import machines
from trimaran.machines import Machine

_MAGIC = b"\x7fELF"
_IDENT_SIZE = 16
_PT_INTERP = 3
_MAXIMUM_INTERPRETER = 4096  # PATH_MAX
_MAXIMUM_OFFSET = 1 << 62  # what a file can have at all
# Behind e_ident: type, machine, version, entry, phoff, shoff, flags, ehsize, phentsize, phnum.
_HEADER = {32: "HHIIIIIHHH", 64: "HHIQQQIHHH"}
# A program header: type, offset, vaddr, paddr, filesz; the 64-bit one has its flags second.
_PROGRAM = {32: "IIIII", 64: "I4xQQQQ"}


class ElfFacts(msgspec.Struct, frozen=True):
    """What an ELF file says of itself.

    Attributes:
        elf_class: 32 or 64.
        e_type: 1 relocatable, 2 executable, 3 shared or position-independent, 4 core.
        interpreter: the dynamic loader that the file names (PT_INTERP); empty if it is static.
    """

    elf_class: int
    big_endian: bool
    e_type: int
    e_machine: int
    e_flags: int
    interpreter: str = ""


class _MalformedError(Exception):
    pass


def read(source: Path | bytes | BinaryIO) -> ElfFacts | None:
    """Read a file, a whole file's bytes, or an open file that can seek.

    Gives None if it is not ELF, or malformed, or cut off before the last program header.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read(file)
    try:
        return _facts(io.BytesIO(source) if isinstance(source, bytes) else source)
    except _MalformedError:
        return None


def fits(facts: ElfFacts, machine: Machine) -> bool:
    """Whether the file is made for a CPU."""
    mask, value = machine.e_flags
    return (
        (facts.elf_class, facts.big_endian) == (machine.elf_class, machine.big_endian)
        and facts.e_machine in machine.e_machines
        and facts.e_flags & mask == value
    )


def machine_of(facts: ElfFacts) -> Machine | None:
    """The first CPU of the table that the file is made for; None if there is none."""
    return next((machine for machine in machines.MACHINES if fits(facts, machine)), None)


def _facts(file: BinaryIO) -> ElfFacts:
    ident = _bytes_at(file, 0, _IDENT_SIZE)
    if ident[:4] != _MAGIC or ident[4] not in (1, 2) or ident[5] not in (1, 2):
        raise _MalformedError
    elf_class, order = ident[4] * 32, "<>"[ident[5] - 1]
    kind, machine, _, _, offset, _, flags, _, size, count = _unpack(
        file, _IDENT_SIZE, order + _HEADER[elf_class]
    )
    offsets = range(offset, offset + size * count, size) if size else range(0)
    interpreter = _interpreter(file, offsets, order + _PROGRAM[elf_class])
    return ElfFacts(elf_class, order == ">", kind, machine, flags, interpreter)


def _interpreter(file: BinaryIO, offsets: range, layout: str) -> str:
    for offset in offsets:
        kind, start, _, _, size = _unpack(file, offset, layout)
        if kind == _PT_INTERP:
            name = _bytes_at(file, start, min(size, _MAXIMUM_INTERPRETER))
            return name.rstrip(b"\0").decode(errors="surrogateescape")
    return ""


def _unpack(file: BinaryIO, offset: int, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, _bytes_at(file, offset, struct.calcsize(layout)))


def _bytes_at(file: BinaryIO, offset: int, size: int) -> bytes:
    if offset > _MAXIMUM_OFFSET:
        raise _MalformedError
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise _MalformedError
    return data

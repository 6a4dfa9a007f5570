"""The ELF headers that valid programs of a CPU have: what an entry of binfmt_misc must match.

Toolchains differ in the ABI's name and version (gABI, chapter 4; glibc's libc-abis and binutils'
MIPS back end for the versions), in position independence, and in the flags of the CPU.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from trimaran.machines import MACHINES, Machine

_E_TYPES = {2: "at fixed addresses", 3: "position-independent"}
_OSABIS = {0: "System V", 3: "GNU", 97: "ARM"}
_MIPS = 0x8
_ARM = 0x28
# Behind e_ident: type, machine, version, entry, phoff, shoff, flags, and the six sizes and counts.
_LAYOUT = {32: "HHIIIIIHHHHHH", 64: "HHIQQQIHHHHHH"}
_SIZES = {32: (52, 32, 1, 40, 9, 8), 64: (64, 56, 1, 64, 9, 8)}
_ANYWHERE = 0x12345678


@dataclass(frozen=True, slots=True)
class Variant:
    """A header, and in words what is particular about it."""

    label: str
    header: bytes


def variants(machine: Machine, e_machine: int) -> tuple[Variant, ...]:
    """The headers that today's toolchains write for a CPU, under one of its numbers."""
    choices = itertools.product(_E_TYPES, _osabis(e_machine), _versions(e_machine), _flags(machine))
    return tuple(
        Variant(
            f"{_E_TYPES[kind]}, ABI of {_OSABIS[osabi]}, ABI version {version}, e_flags {flags:#x}",
            _header(machine, e_machine, (osabi, version), kind, flags),
        )
        for kind, osabi, version, flags in choices
    )


def all_variants(machine: Machine) -> tuple[Variant, ...]:
    """The headers under every number that the CPU has had."""
    return tuple(one for number in machine.e_machines for one in variants(machine, number))


def usual_variants(machine: Machine) -> tuple[Variant, ...]:
    """The headers under the number that today's tools write."""
    return variants(machine, machine.e_machines[0])


def twins(machine: Machine) -> Iterator[Machine]:
    """Other CPUs whose programs have the same header: only one of them can have a handler.

    ppc64abi32 was 32-bit PowerPC programs on a 64-bit CPU; nothing in the file tells it from ppc.
    """
    for other in MACHINES:
        if (
            other.name != machine.name
            and (other.elf_class, other.big_endian) == (machine.elf_class, machine.big_endian)
            and other.e_flags == machine.e_flags
            and set(other.e_machines) & set(machine.e_machines)
        ):
            yield other


def _osabis(e_machine: int) -> tuple[int, ...]:
    return (0, 3, 97) if e_machine == _ARM else (0, 3)


def _versions(e_machine: int) -> tuple[int, ...]:
    return (0, 1, 3, 5) if e_machine == _MIPS else (0,)


def _flags(machine: Machine) -> tuple[int, ...]:
    mask, value = machine.e_flags
    return (value, value | (0xFFFFFFFF & ~mask))


def _header(machine: Machine, e_machine: int, abi: tuple[int, int], kind: int, flags: int) -> bytes:
    order = ">" if machine.big_endian else "<"
    data = 2 if machine.big_endian else 1
    ident = bytes((0x7F, *b"ELF", machine.elf_class // 32, data, 1, *abi)).ljust(16, b"\0")
    places = (_ANYWHERE, _SIZES[machine.elf_class][0], _ANYWHERE)
    fields = (kind, e_machine, 1, *places, flags, *_SIZES[machine.elf_class])
    return ident + struct.pack(order + _LAYOUT[machine.elf_class], *fields)

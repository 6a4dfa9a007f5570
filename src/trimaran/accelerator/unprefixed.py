"""Copies of gcc's programs that look for `ld` where the originals look for `TRIPLET-ld`.

Those of a cross compiler put the target's name and a dash before what they look for in PATH, those
of a native one do not (collect2.cc, gcc-ar.cc: CROSS_DIRECTORY_STRUCTURE). Both are arguments of
libiberty's `concat`, which the code gives as numbers, for the programs are linked to a fixed
address: the name becomes an empty text, and the text with the dash one that begins behind it.
"""

from __future__ import annotations

import re
import struct

from trimaran.accelerator.pointing import UnpatchableError
from trimaran.accelerator.programs import EM_X86_64, ET_EXEC, Program

_FIRST, _SECOND, _CALL = b"\xbf", b"\xbe", b"\xe8"
"""mov edi, imm32; mov esi, imm32; call rel32 (Intel's manual, volume 2)."""
_NUMBER = struct.Struct("<I")
_DISTANCE = struct.Struct("<i")
_SIZE = 5
_REACH = 64
"""A call's arguments are not further away from it, by far."""


def patch(data: bytes, triplet: str) -> bytes:
    """A program that puts no target's name before others.

    Args:
        data: the program, of this host.
        triplet: the target's name.

    Raises:
        UnpatchableError: it does so nowhere, or not in the way that is known.
    """
    try:
        program = Program(data)
        changed = bytearray(data)
        found = _prefixed(program, triplet)
        for at, empty in found:
            partner = _partner(program, at)
            _NUMBER.pack_into(changed, at + 1, empty)
            _NUMBER.pack_into(changed, partner + 1, _value(data, partner) + 1)
    except (ValueError, struct.error) as error:
        raise UnpatchableError(str(error)) from error
    if not found:
        raise UnpatchableError(f"it puts {triplet} before no name")
    return bytes(changed)


def _prefixed(program: Program, triplet: str) -> list[tuple[int, int]]:
    """Where the name is a first argument, and the address of an empty text."""
    if (program.machine, program.kind) != (EM_X86_64, ET_EXEC):
        raise ValueError("it is not linked to a fixed address")
    return [
        (at, address + len(triplet))
        for address in program.constants(triplet.encode())
        for at in _moves(program, _FIRST + _NUMBER.pack(address))
    ]


def _moves(program: Program, code: bytes) -> list[int]:
    """The file offsets of an instruction."""
    return [
        match.start()
        for one in program.code
        for match in re.compile(re.escape(code), re.DOTALL).finditer(
            program.data, one.offset, one.offset + one.file_bytes
        )
    ]


def _partner(program: Program, at: int) -> int:
    """The one instruction for the same call that gives a text with a dash as second argument."""
    before, behind = range(at, at - _REACH, -1), range(at, at + _REACH)
    start = next((one for one in before if _is_call(program, one)), before[-1])
    end = next((one for one in behind if _is_call(program, one)), at)
    found = [one for one in range(start, end) if _gives_dash(program, one)]
    if len(found) != 1:
        raise ValueError("what it puts behind the target's name is not known")
    return found[0]


def _is_call(program: Program, at: int) -> bool:
    if program.data[at : at + 1] != _CALL:
        return False
    (distance,) = _DISTANCE.unpack_from(program.data, at + 1)
    target = program.address_of(at) + _SIZE + distance
    return any(one.address <= target < one.address + one.file_bytes for one in program.code)


def _gives_dash(program: Program, at: int) -> bool:
    if program.data[at : at + 1] != _SECOND:
        return False
    try:
        place = program.offset_of(_value(program.data, at))
    except ValueError:
        return False
    return program.data[place : place + 1] == b"-"


def _value(data: bytes, at: int) -> int:
    value: int = _NUMBER.unpack_from(data, at + 1)[0]
    return value

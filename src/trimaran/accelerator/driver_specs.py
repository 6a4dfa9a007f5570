"""Copies of gcc's drivers in which a spec that is compiled in is another text.

The driver keeps its specs in variables, and a table with the name of each and a pointer to its
variable (gcc.cc, `static_specs`; gccint, "Specs"). Drivers are linked to a fixed address, so these
pointers are numbers in the file.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping

from trimaran.accelerator.pointing import UnpatchableError
from trimaran.accelerator.programs import PT_LOAD, Program, Segment

_ET_EXEC = 2
_PF_W = 2
_POINTER = struct.Struct("<Q")
_ENTRY = struct.Struct("<QQQQi")
"""struct spec_list: name, text of the user, the variable, the next one, the name's length."""


def patch(data: bytes, wanted: Mapping[str, str]) -> bytes:
    """A driver with specs changed.

    Args:
        data: the driver.
        wanted: names of specs, and the texts that they become; each must occur in the driver.

    Raises:
        UnpatchableError: it has no such spec or text, or is linked in another way.
    """
    try:
        program = Program(data)
        changed = bytearray(data)
        for name, text in wanted.items():
            place = program.offset_of(_variable(program, name))
            _POINTER.pack_into(changed, place, next(_addresses_of(program, text)))
    except (ValueError, struct.error) as error:
        raise UnpatchableError(str(error)) from error
    return bytes(changed)


def _variable(program: Program, name: str) -> int:
    """The address of the variable whose name stands before it in the table."""
    if program.kind != _ET_EXEC:
        raise ValueError("it is not linked to a fixed address")
    addresses = set(_addresses_of(program, name))
    found = {
        entry[2]
        for one in program.segments
        if one.kind == PT_LOAD and one.flags & _PF_W
        for entry in _entries(program, one)
        if entry[0] in addresses and (entry[1], entry[4]) == (0, len(name))
    }
    if len(found) != 1:
        raise ValueError(f"it has {len(found)} specs of the name {name}")
    return found.pop()


def _entries(program: Program, segment: Segment) -> Iterator[tuple[int, ...]]:
    start = segment.offset + -segment.address % _POINTER.size
    end = segment.offset + segment.file_bytes - _ENTRY.size
    for at in range(start, end + 1, _POINTER.size):
        yield _ENTRY.unpack_from(program.data, at)


def _addresses_of(program: Program, text: str) -> Iterator[int]:
    """The addresses of a constant text, which may be the end of another one.

    Raises:
        ValueError: it is nowhere.
    """
    found = 0
    for one in program.segments:
        if one.kind == PT_LOAD and not one.flags & _PF_W:
            end = one.offset + one.file_bytes
            whole = re.escape(text.encode()) + b"\0"
            for match in re.compile(whole).finditer(program.data, one.offset, end):
                found += 1
                yield program.address_of(match.start())
    if not found:
        raise ValueError(f"it has no text {text!r}")

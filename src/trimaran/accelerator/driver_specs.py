"""Copies of gcc's drivers in which a spec that is compiled in is another text.

The driver keeps its specs in variables, and a table with the name of each and a pointer to its
variable (gcc.cc, `static_specs`; gccint, "Specs"). Drivers are linked to a fixed address, so these
pointers are numbers in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from trimaran.accelerator.pointing import UnpatchableError
from trimaran.accelerator.programs import ET_EXEC, PF_W, PT_LOAD, Program, Segment

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
            _POINTER.pack_into(changed, place, next(program.constants(text.encode())))
    except (ValueError, struct.error) as error:
        raise UnpatchableError(str(error)) from error
    return bytes(changed)


def _variable(program: Program, name: str) -> int:
    """The address of the variable whose name stands before it in the table."""
    if program.kind != ET_EXEC:
        raise ValueError("it is not linked to a fixed address")
    addresses = set(program.constants(name.encode()))
    found = {
        entry[2]
        for one in program.segments
        if one.kind == PT_LOAD and one.flags & PF_W
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

"""Copies of native programs in which a word that is compiled in is another one.

A word that is not longer is written over the old one, unless the end of that is in use as a word of
its own. A longer one is put into the zeros behind a
segment, up to the end of its page, and whatever points at the old word points there: `lea`
instructions, and pointers that the loader relocates (System V ABI, AMD64 supplement, 4.4). Where
the word might be reached in any other way, nothing is changed and the program stays emulated.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

from trimaran.accelerator.pointing import References, UnpatchableError
from trimaran.accelerator.programs import PF_W, PT_LOAD, SEGMENT, Program, Segment

__all__ = ["UnpatchableError", "patch", "texts"]

_START = re.compile(rb"(?<![ -~])")
"""Before a text is another one's end, or what is no text at all: tables stand among texts."""
_PAGE = 4096
_HEAD_BYTES = (8, 4)
"""What compilers move at once when they write a constant text out as numbers."""


def texts(
    native: bytes, target: bytes, forms: Sequence[tuple[str, str]]
) -> list[tuple[bytes, bytes]]:
    """The C strings of a native program that the target's own one has otherwise.

    Args:
        native: the program of this host.
        target: the same program of the target.
        forms: patterns of a string in either; a group in one stands for the part that is meant.

    Raises:
        UnpatchableError: a form describes not just one string.
    """
    found = [(_text(native, form), _text(target, other)) for form, other in forms]
    return [(old, new) for old, new in found if old or new]


def _text(data: bytes, form: str) -> bytes:
    """The one string that a form describes; empty if there is none."""
    found = {match[match.lastindex or 0] for match in _whole(data, form)}
    if len(found) > 1:
        raise UnpatchableError(f"it has {len(found)} texts of the form {form}")
    return found.pop() if found else b""


def _whole(data: bytes, form: str) -> Iterator[re.Match[bytes]]:
    """The whole texts of a form; what stands before them is looked at last, which is faster."""
    pattern = re.compile(form.encode() + b"(?=\\0)")
    at = 0
    while match := pattern.search(data, at):
        whole = _START.match(data, match.start()) is not None
        at = match.end() if whole and match.end() > at else match.start() + 1
        if whole:
            yield match


def patch(data: bytes, changes: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A program with C strings changed.

    Args:
        data: the program, of this host.
        changes: each string, and what it becomes.

    Raises:
        UnpatchableError: a string is not there, or cannot be changed.
    """
    wanted = [(old, new) for old, new in changes if old != new]
    if not all(old and new for old, new in wanted):
        raise UnpatchableError("one of its texts is missing on one of both CPUs")
    try:
        for old, new in sorted(wanted, key=lambda pair: len(pair[0]), reverse=True):
            data = _patch_one(data, old, new)
    except (ValueError, struct.error) as error:  # of a damaged file
        raise UnpatchableError(str(error)) from error
    return data


def _patch_one(data: bytes, old: bytes, new: bytes) -> bytes:
    program = Program(data)
    _refuse_numbers(program, old)
    places = [
        found.start()
        for found in re.finditer(re.escape(old) + b"\\0", data)
        if any(_holds(one, found.start()) for one in program.segments if one.kind == PT_LOAD)
    ]
    references = References(program)
    changed = bytearray(data)
    count = 0
    for place in places:
        whole = _START.match(data, place) is not None
        if whole and _fits(references, program.address_of(place), old, new):
            changed[place : place + len(old)] = new.ljust(len(old), b"\0")
            count += 1
        elif references.to(program.address_of(place)):
            _move(changed, references, program.address_of(place), new)
            count += 1
        elif whole:
            raise UnpatchableError(f"nothing points at {old.decode(errors='replace')} in it")
    if not count:
        raise UnpatchableError(f"nothing in it uses {old.decode(errors='replace')}")
    return bytes(changed)


def _holds(segment: Segment, offset: int) -> bool:
    return segment.offset <= offset < segment.offset + segment.file_bytes


def _refuse_numbers(program: Program, old: bytes) -> None:
    """A text that is in the code itself, as a number, cannot be found by its end."""
    head = next(old[:size] for size in _HEAD_BYTES if len(old) >= size or size == _HEAD_BYTES[-1])
    for one in program.code:
        if head in program.data[one.offset : one.offset + one.file_bytes]:
            raise UnpatchableError(f"{old.decode(errors='replace')} is part of its code")


def _fits(references: References, address: int, old: bytes, new: bytes) -> bool:
    """Whether a text can take the place of another: nothing uses the old one's end for itself."""
    if len(new) > len(old) or (not references.known and len(new) != len(old)):
        return False
    tails = [at for at in range(1, len(old)) if old[at:] != new[at:]]
    return not tails or not references.reach(address + 1, address + tails[-1] + 1)


def _move(changed: bytearray, references: References, old: int, new: bytes) -> None:
    """Put a text behind a segment, and let what points at the address `old` point at it."""
    size = len(new) + 1
    segment = _room(Program(bytes(changed)), size)
    offset = segment.offset + segment.file_bytes
    changed[offset : offset + len(new)] = new
    fields = list(SEGMENT.unpack_from(changed, segment.at))
    fields[5] += size
    fields[6] += size
    SEGMENT.pack_into(changed, segment.at, *fields)
    references.turn(changed, old, segment.address + segment.file_bytes)


def _room(program: Program, size: int) -> Segment:
    """A segment behind which there are zeros, in the file and up to the end of its last page."""
    loads = [one for one in program.segments if one.kind == PT_LOAD]
    for one in loads:
        end, address = one.offset + one.file_bytes, one.address + one.file_bytes
        limit = min([other.offset for other in loads if other.offset >= end] or [len(program.data)])
        fits = end + size <= limit and address % _PAGE + size <= _PAGE and address % _PAGE
        plain = one.file_bytes == one.memory_bytes and not one.flags & PF_W
        if fits and plain and not any(program.data[end : end + size]):
            return one
    raise UnpatchableError("there is no room in it")

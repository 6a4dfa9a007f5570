"""What becomes of an emulated program, and the bytes in which the interpreter reads it.

An answer is a list of fields, each ended by NUL. The first field says `E` (emulate) or, for a
native program, which counter to add to; the fields behind it are conditions, the file to exec, the
argument vector and the environment, as the interpreter documents them.
"""

from __future__ import annotations

import os

import msgspec

LIMIT_BYTES = 4096
"""The longest answer that the interpreter reads."""
SLOTS = 8192
"""The counters: u64, of which a native program has two, the second for when it was emulated."""


class Native(msgspec.Struct, frozen=True):
    """A program that runs natively.

    Attributes:
        program: its path in the container.
        stand_in: what runs instead, as the container sees it.
        package: name and version of the package that owns the program.
        fields: of the answer, without the counter.
        exact: it gives the same bits; otherwise only upstream's version need be the same
            (`compatible`).
        calls: which module judges each of its calls (`calls`); none has to if this is empty.
    """

    program: str
    stand_in: str
    package: str
    fields: tuple[str, ...]
    exact: bool = True
    calls: str = ""


class Emulate(msgspec.Struct, frozen=True):
    """A program that stays emulated.

    Attributes:
        program: its path in the container.
        reason: why, in words for people.
        settled: it will be so for as long as the file is the same; otherwise ask again.
        unequal: there is a stand-in, and it is not equal.
        outdated: the package and version of the image's that is newer than the kit's, if that is
            why.
        weight: how many usual programs take as long, where a hint depends on that.
    """

    program: str
    reason: str
    settled: bool = True
    unequal: bool = False
    outdated: str = ""
    weight: int = 1


Answer = Native | Emulate


def encode(answer: Answer, slot: int) -> bytes:
    """The answer's bytes; a native one that is too long for the interpreter becomes `E`.

    Args:
        answer: what was judged.
        slot: the first of its counters.

    Raises:
        ValueError: no such slot.
    """
    if not 0 <= slot < SLOTS - 1:
        raise ValueError(f"slot {slot}")
    emulate = f"E{slot}\0".encode()
    if isinstance(answer, Emulate):
        return emulate
    fields = [os.fsencode(field) for field in (f"c{slot}", *answer.fields)]
    if any(b"\0" in field for field in fields):
        return emulate
    whole = b"".join(field + b"\0" for field in fields)
    return whole if len(whole) <= LIMIT_BYTES else emulate

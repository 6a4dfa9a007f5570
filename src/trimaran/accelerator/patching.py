"""Copies of native programs in which a word that is compiled in is another one."""

from __future__ import annotations

from collections.abc import Sequence


class UnpatchableError(Exception):
    """A program in which a text cannot be changed, with the reason."""


def patch(data: bytes, texts: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A program with its C strings changed, each from NUL to NUL, wherever it stands.

    Args:
        data: the program.
        texts: each string, and what it becomes.

    Raises:
        UnpatchableError: a string is not there, or the other one is longer.
    """
    changed = data
    for old, new in texts:
        if len(new) > len(old):
            raise UnpatchableError(f"{new!r} does not fit in the place of {old!r}")
        wanted = b"\0" + old + b"\0"
        if wanted not in data:
            raise UnpatchableError(f"{old!r} is not in it")
        changed = changed.replace(wanted, b"\0" + new.ljust(len(old) + 1, b"\0"))
    return changed

"""Which calls compute with long double, whose width and form every CPU has its own.

bash's printf reads and writes fractions as such, so that what lies half-way is rounded otherwise;
sort does by -g. bash is judged by the text that it is given; what that sources is not seen.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Sequence

from trimaran.accelerator.trees import Tree

_PRINTF, _FRACTION = b"printf", re.compile(rb"%[-+ #0-9.*']*[aAeEfFgG]")
_UNCOUNTED = re.compile(rb"\\\n|%-?[0-9.]*\([^)\n]*\)T")
"""Continued lines, and printf's times, whose formats have letters of their own."""
_VALUED = ("--init-file", "--rcfile")
_SORTED = ("--g", "--k", "--s")


def of_sort(arguments: Sequence[str]) -> str:
    """Why a call of sort is to be emulated; empty if it reads no number as long double."""
    for before, one in itertools.pairwise(("", *arguments)):
        is_option = one.startswith(_SORTED) or (one[:1] in ("-", "+") and one[:2] != "--")
        is_value = before.endswith("k") or before.startswith(_SORTED)
        if "g" in one and (is_option or is_value):
            return f"{one} may ask for numbers as long double"
    return ""


def of_bash(tree: Tree, folder: str, argv: Sequence[str]) -> str:
    """Why a call of bash is to be emulated; empty if its text prints no fraction.

    Args:
        tree: the container's root.
        folder: the caller's working directory.
        argv: of the call, argv[0] first.
    """
    text = _text(tree, folder, argv[1:])
    if text is None:
        return "what it runs cannot be seen beforehand"
    lines = (line.partition(_PRINTF)[2] for line in _UNCOUNTED.sub(b"", text).split(b"\n"))
    found = any(map(_FRACTION.search, lines))
    return "its printf may print a fraction, which it computes as long double" if found else ""


def _text(tree: Tree, folder: str, arguments: Sequence[str]) -> bytes | None:
    """What bash is to run: a command string, or a script; None if that is its standard input."""
    words = iter(arguments)
    commands = False
    for word in words:
        if word == "--version":
            return b""
        if word[:1] not in ("-", "+") or word in ("-", "--"):
            first = next(words, None) if word in ("-", "--") else word
            break
        if word in _VALUED or (word[:2] != "--" and word[-1] in "oO"):
            next(words, None)
        commands = commands or (word[0] == "-" and word[1] != "-" and "c" in word)
    else:
        return None
    if first is None:
        return None
    if commands:
        return first.encode(errors="surrogateescape")
    found = tree.read(posixpath.join(folder, first))
    return found[1] if found else None

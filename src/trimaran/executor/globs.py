"""Wildcards of COPY sources: the grammar of Go's path/filepath.Match, one path component a time.

`*` and `?` never match a slash, `[^a-z]` is the only negation (`[!a]` is a class of two), a
backslash quotes, and there is no `**`.
"""

from __future__ import annotations

import re

from trimaran.errors import ContextError


def has_wildcard(component: str) -> bool:
    """Whether `component` holds an unquoted `*`, `?` or `[`."""
    return re.search(r"[*?\[]", re.sub(r"\\.", "", component, flags=re.DOTALL)) is not None


def compile_component(pattern: str) -> re.Pattern[str]:
    """`pattern` as an expression for `fullmatch` on one file name.

    Raises:
        ContextError: it is malformed, such as an unclosed bracket.
    """
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "[":
            part, position = _class(pattern, position + 1)
        elif char in "*?":
            part, position = ("[^/]*" if char == "*" else "[^/]"), position + 1
        else:
            literal, position = _character(pattern, position)
            part = re.escape(literal)
        parts.append(part)
    return re.compile("".join(parts), re.DOTALL)


def _class(pattern: str, position: int) -> tuple[str, int]:
    """The bracket expression that begins before `position`, and where it ends."""
    negated = pattern[position : position + 1] == "^"
    position += negated
    ranges: list[str] = []
    seen = 0
    while seen == 0 or pattern[position : position + 1] != "]":
        low, position = _bound(pattern, position)
        high = low
        if pattern[position : position + 1] == "-":
            high, position = _bound(pattern, position + 1)
        if low <= high:  # Go lets a range that runs backwards match nothing
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        seen += 1
    if not ranges:
        return ("." if negated else "(?!)"), position + 1
    return f"[{'^' if negated else ''}{''.join(ranges)}]", position + 1


def _bound(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position : position + 1] in ("", "-", "]"):
        raise _malformed(pattern)
    return _character(pattern, position)


def _character(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position] == "\\":
        position += 1
        if position == len(pattern):
            raise _malformed(pattern)
    return pattern[position], position + 1


def _malformed(pattern: str) -> ContextError:
    return ContextError(
        f"malformed wildcard {pattern!r}", "write [[] for a bracket that is part of a name"
    )

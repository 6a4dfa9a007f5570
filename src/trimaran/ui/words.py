"""Sizes, durations and programs' output as words for people."""

from __future__ import annotations

import re

# A control sequence (ECMA-48 5.4: CSI, parameters, final byte), an operating system command with
# its end, any other escape of two characters.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_SIZE_UNITS = ("kB", "MB", "GB", "TB")
_ROUNDS_TO_1000 = 999.95
_MINUTE_S = 60
_HOUR_MINUTES = 60


def size(size_bytes: int) -> str:
    """A size in decimal units, as registries and Docker count: `512 B`, `12.3 MB`."""
    if size_bytes < 1000:  # noqa: PLR2004
        return f"{size_bytes} B"
    value = size_bytes / 1000
    units = iter(_SIZE_UNITS)
    unit = next(units)
    while value >= _ROUNDS_TO_1000 and (larger := next(units, "")):
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """A duration as a person reads it: `4.2s`, `1m 05s`, `2h 03m`."""
    tenths = round(max(seconds, 0.0), 1)
    if tenths < _MINUTE_S:
        return f"{tenths:.1f}s"
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    if minutes < _HOUR_MINUTES:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes, _HOUR_MINUTES)
    return f"{hours}h {minutes:02}m"


def printable(line: str) -> str:
    """What a terminal would be left with after `line`: no escapes, nothing before a return.

    A step's output is not to be trusted with the user's terminal. Tabs are kept.
    """
    if line.isprintable():
        return line
    shown = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    return _CONTROLS.sub("", shown)


def one_line(text: str) -> str:
    """`text`, such as a RUN of several lines, in one line with single spaces."""
    return printable(" ".join(text.split()))


def execs(native: int, total: int) -> str:
    """How many of a step's programs were native stand-ins, as it ends a line; empty for none."""
    return f" ({native} of {total} execs native)" if native else ""

"""Which units of the store `du` and `prune` mean: buildx's --filter, and its amounts of space."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from itertools import starmap

from trimaran.cli import values
from trimaran.dockerfile import values as dockerfile_values
from trimaran.errors import UsageError
from trimaran.store.units import Unit

Wanted = Callable[[Unit], bool]

_AGES = ("until", "unused-for")
_TEXTS: dict[str, Callable[[Unit], str]] = {
    "id": lambda unit: unit.id,
    "type": lambda unit: unit.type,
    "description": lambda unit: unit.about.text,
}
_SWITCHES: dict[str, Callable[[Unit], bool]] = {
    "inuse": lambda unit: unit.in_use,
    "mutable": lambda unit: unit.type == "exec.cachemount",
    "immutable": lambda unit: unit.type != "exec.cachemount",
    "shared": lambda unit: unit.shared,
    "private": lambda unit: not unit.shared,
}
_FILTER = re.compile(r"([a-z-]+)(=|!=|~=)(.*)", re.DOTALL)


def read(filters: Iterable[str]) -> Wanted:
    """Read `NAME=VALUE`, `NAME!=VALUE`, `NAME~=PATTERN`; all must hold.

    Raises:
        UsageError: one is none of these, or of an unknown name.
    """
    matches = [_FILTER.fullmatch(each) for each in filters]
    if None in matches:
        raise UsageError(
            f"--filter {list(filters)[matches.index(None)]!r} is not NAME=VALUE",
            "such as until=24h, type=exec.cachemount, id=abc, description~=pip",
        )
    parsed = [match.group(1, 2, 3) for match in matches if match is not None]
    _refuse_doubles([name for name, _, _ in parsed])
    tests = list(starmap(_test, parsed))
    return lambda unit: all(test(unit) for test in tests)


def _refuse_doubles(names: list[str]) -> None:
    plain = ["until" if name in _AGES else name for name in names]
    if len(set(plain)) != len(plain):
        double = next(name for name in plain if plain.count(name) > 1)
        raise UsageError(f"--filter: {double} is named twice", "give it once")


def _test(name: str, operator: str, value: str) -> Wanted:
    if name in _AGES and operator == "=":
        age_s = _age_s(value)
        now_s = time.time()
        return lambda unit: now_s - unit.used_s >= age_s
    if (text := _TEXTS.get(name)) is not None:
        return _text_test(name, operator, value, text)
    if (switch := _SWITCHES.get(name)) is not None and operator != "~=":
        expected = values.boolean(f"--filter {name}", value) == (operator == "=")
        return lambda unit: switch(unit) == expected
    known = ", ".join((*_AGES, *_TEXTS, *_SWITCHES))
    raise UsageError(f"--filter {name}{operator}{value}: no such filter", f"there are: {known}")


def _text_test(name: str, operator: str, value: str, text: Callable[[Unit], str]) -> Wanted:
    if operator == "~=" or (name == "id" and operator == "="):  # as buildx does
        try:
            pattern = re.compile(value)
        except re.error as error:
            hint = "a pattern is a regular expression, such as ^sha256:"
            raise UsageError(f"--filter {name}{operator}{value}: {error}", hint) from error
        return lambda unit: pattern.search(text(unit)) is not None
    return lambda unit: (text(unit) == value) == (operator == "=")


def _age_s(text: str) -> float:
    try:
        return dockerfile_values.parse_duration(text) / 1e9
    except ValueError as error:
        raise UsageError(f"--filter until={text}: {error}", "such as 30m, 24h or 1h30m") from error


def size_bytes(flag: str, text: str) -> int:
    """Read an amount of space in units of 1024, as buildx does: `10gb`, `512m`; 0 for none.

    Raises:
        UsageError: it is no amount.
    """
    try:
        return dockerfile_values.parse_size(text) if text else 0
    except ValueError as error:
        raise UsageError(f"{flag} {text!r}: {error}", "such as 10gb or 512m") from error


def kept_bytes(total: int, free: int, *, reserved: int, max_used: int, min_free: int) -> float:
    """How much of a total may stay, as BuildKit reckons; 0 for an amount sets none.

    Args:
        total: what there is now.
        free: what the disk has left.
        reserved: so much always stays.
        max_used: more never stays.
        min_free: the disk is to have so much left.
    """
    # Where only free space is asked for, BuildKit would keep nothing.
    keep = max_used or (total if min_free else 0)
    if min_free > free:
        keep = min(keep, total - (min_free - free))
    return max(keep, reserved)

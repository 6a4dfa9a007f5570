"""What is said of stand-ins at the end of a build: how many there were, and what would help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from trimaran.accelerator.answers import Native
from trimaran.executor.stand_ins import StandIns
from trimaran.platforms import Platform

_HINTED_EXECS = 50
"""Fewer emulated programs of one kind than this are not worth a word."""
_SHOWN = 3


class Use(msgspec.Struct, frozen=True, order=True):
    """How often a program was started, and why so."""

    program: str
    reason: str
    native: int
    emulated: int


def uses(made: StandIns) -> list[Use]:
    """Every program that was started, those that were emulated most often first."""
    native: Counter[tuple[str, str]] = Counter()
    emulated: Counter[tuple[str, str]] = Counter()
    for slot, count in made.totals.items():
        answer = made.slots.answers.get(slot)
        if answer is not None:
            key = (answer.program, "") if isinstance(answer, Native) else _emulated(answer)
            (native if isinstance(answer, Native) else emulated)[key] += count
        elif before := made.slots.answers.get(slot - 1):
            emulated[before.program, "its arguments or environment say so"] += count
    keys = native.keys() | emulated.keys()
    found = [Use(*key, native[key], emulated[key]) for key in keys]
    return sorted(found, key=lambda use: (-use.emulated, -use.native, use.program))


def _emulated(answer: object) -> tuple[str, str]:
    return getattr(answer, "program", ""), getattr(answer, "reason", "")


def explanation(made: Mapping[tuple[Platform, str], StandIns]) -> str:
    """A line for every program of every platform and base."""
    lines: list[str] = []
    for (platform, base), one in made.items():
        found = uses(one)
        if found:
            lines.append(f"{platform}, from {base}:")
            lines += [f"  {_line(use)}" for use in found]
    return "\n".join(lines)


def _line(use: Use) -> str:
    counts = [f"{use.native} native"] if use.native else []
    counts += [f"{use.emulated} emulated"] if use.emulated else []
    return f"{use.program}: {', '.join(counts)}" + (f" ({use.reason})" if use.reason else "")


def advice(made: Mapping[tuple[Platform, str], StandIns]) -> str:
    """What was emulated most although it might have had a stand-in; empty if nothing matters."""
    missed = [
        use
        for one in made.values()
        for use in uses(one)
        if use.emulated >= _HINTED_EXECS and "version" in use.reason
    ]
    return "; ".join(f"{use.program}: {use.reason}" for use in missed[:_SHOWN])

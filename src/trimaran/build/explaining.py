"""What is said of stand-ins at the end of a build: how many there were, and what would help."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.executor.stand_ins import StandIns
from trimaran.platforms import Platform

_HINTED_EXECS = 50
"""Fewer emulated programs of one kind than this are not worth a word."""
_SHOWN = 3


class Use(msgspec.Struct, frozen=True):
    """How often a program was started, and why so.

    Attributes:
        unequal: it was emulated because its stand-in is not equal.
    """

    program: str
    reason: str
    native: int = 0
    emulated: int = 0
    unequal: bool = False

    def plus(self, other: Use) -> Use:
        """Both, where only the counts differ: a program has an answer for each of its scripts."""
        native, emulated = self.native + other.native, self.emulated + other.emulated
        return msgspec.structs.replace(self, native=native, emulated=emulated)


def uses(made: StandIns) -> list[Use]:
    """Every program that was started, those that were emulated most often first."""
    sums: dict[tuple[str, str], Use] = {}
    for slot, count in made.totals.items():
        if use := _use(made.slots.answers, slot, count):
            key = use.program, use.reason
            sums[key] = use.plus(sums[key]) if key in sums else use
    return sorted(sums.values(), key=lambda use: (-use.emulated, -use.native, use.program))


def _use(answers: Mapping[int, Answer], slot: int, count: int) -> Use | None:
    """What a counter counts; None for programs about which nothing was answered."""
    match answers.get(slot):
        case Native(program=program):
            return Use(program, "", native=count)
        case Emulate(program=program, reason=reason, unequal=unequal):
            return Use(program, reason, emulated=count, unequal=unequal)
        case None if before := answers.get(slot - 1):
            return Use(before.program, "its arguments or environment say so", emulated=count)
        case _:
            return None


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
        if use.unequal and use.emulated >= _HINTED_EXECS
    ]
    return "; ".join(f"{use.program}: {use.reason}" for use in missed[:_SHOWN])

"""What is said of stand-ins at the end of a build: how many there were, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from trimaran.accelerator import conditions
from trimaran.accelerator.answers import Emulate, Native
from trimaran.events import ProgramExecs
from trimaran.executor.answering import Slots
from trimaran.executor.profiling import Times
from trimaran.executor.stand_ins import StandIns
from trimaran.platforms import Platform

_HINTED_EXECS = 50
"""Fewer emulated programs of one kind than this are not worth a word."""
_SHOWN = 3


class Use(msgspec.Struct, frozen=True):
    """How often a program was started, and why so.

    Attributes:
        unequal: it was emulated because its stand-in is not equal.
        weight: as in `Emulate`.
        times: what that took, if it was measured.
    """

    program: str
    reason: str
    native: int = 0
    emulated: int = 0
    unequal: bool = False
    weight: int = 1
    times: Times = Times()

    def plus(self, other: Use) -> Use:
        """Both, where only numbers differ: a program has an answer for each of its scripts."""
        return msgspec.structs.replace(
            self,
            native=self.native + other.native,
            emulated=self.emulated + other.emulated,
            times=self.times.plus(other.times),
        )


def uses(made: StandIns) -> list[Use]:
    """Every program that was started: what took most CPU time emulated first, then most often."""
    sums: dict[tuple[str, str], Use] = {}
    times = made.times()
    for slot, count in made.totals.items():
        if use := _use(made.slots, slot, count):
            use = msgspec.structs.replace(use, times=times.get(slot, Times()))
            key = use.program, use.reason
            sums[key] = use.plus(sums[key]) if key in sums else use
    return sorted(sums.values(), key=_rank)


def _rank(use: Use) -> tuple[float, int, float, int, str]:
    emulated_s = use.times.cpu if use.emulated else 0.0
    return (-emulated_s, -use.emulated, -use.times.cpu, -use.native, use.program)


def _use(slots: Slots, slot: int, count: int) -> Use | None:
    """What a counter counts; None for programs about which nothing was answered."""
    match slots.answers.get(slot):
        case Native(program=program):
            return Use(program, "", native=count)
        case Emulate(program=program, reason=reason, unequal=unequal, weight=weight):
            return Use(program, reason, emulated=count, unequal=unequal, weight=weight)
        case None if before := slots.answers.get(slot - 1):
            return Use(before.program, _refused(slots, slot), emulated=count)
        case _:
            return None


def _refused(slots: Slots, slot: int) -> str:
    """By which conditions a program was emulated, as far as that is known."""
    found = slots.refusals.get(slot, set())
    said = sorted(map(conditions.in_words, found - {"s"} or found))
    return "; ".join(said[:_SHOWN]) or "its arguments or environment say so"


def profile(made: Mapping[tuple[Platform, str], StandIns]) -> Iterator[ProgramExecs]:
    """The same as `explanation`, as events."""
    for (platform, base), one in made.items():
        for use in uses(one):
            numbers = (use.native, use.emulated, use.times.cpu, use.times.wall)
            yield ProgramExecs(str(platform), base, use.program, use.reason, *numbers)


def explanation(made: Mapping[tuple[Platform, str], StandIns]) -> str:
    """A line for every program of every platform and base, behind a sum."""
    lines: list[str] = []
    for (platform, base), one in made.items():
        if found := uses(one):
            lines.append(f"{platform}, from {base}: {_total(found)}")
            lines += [f"  {_line(use)}" for use in found]
    return "\n".join(lines)


def _total(found: list[Use]) -> str:
    whole = sum(use.times.cpu for use in found)
    emulated = sum(use.times.cpu for use in found if use.emulated)
    return f"programs took {whole:.1f} s of CPU time, {emulated:.1f} s of it emulated"


def _line(use: Use) -> str:
    count = f"{use.emulated} emulated" if use.emulated else f"{use.native} native"
    reason = f" ({use.reason})" if use.reason else ""
    return f"{use.program}: {count}, {use.times.cpu:.2f} s CPU in {use.times.wall:.2f} s{reason}"


def advice(made: Mapping[tuple[Platform, str], StandIns]) -> str:
    """What was emulated most although it might have had a stand-in; empty if nothing matters."""
    missed = [
        use
        for one in made.values()
        for use in uses(one)
        if use.unequal and use.emulated * use.weight >= _HINTED_EXECS
    ]
    return "; ".join(f"{use.program}: {use.reason}" for use in missed[:_SHOWN])


def outdated(made: StandIns) -> frozenset[str]:
    """The packages, with their versions, that were emulated since the kit has older ones."""
    answers = (made.slots.answers.get(slot) for slot in made.totals)
    return frozenset(one.outdated for one in answers if isinstance(one, Emulate) and one.outdated)

"""What is said of stand-ins at the end."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import cast

from trimaran import platforms
from trimaran.accelerator.answers import Emulate, Native
from trimaran.build import explaining
from trimaran.events import ProgramExecs
from trimaran.executor.answering import Slots
from trimaran.executor.profiling import Times
from trimaran.executor.stand_ins import StandIns

ARM = platforms.parse("linux/arm64")
OLDER = "gcc is 2 in the image and 1 in the kit"


def made() -> StandIns:
    slots, totals, times = Slots(100), Counter[int](), dict[int, Times]()
    answers: tuple[Native | Emulate, ...] = (
        Native("/bin/sed", "/kit/sed", "sed 1", ()),
        Emulate("/bin/uname", "it tells the machine"),
        Emulate("/usr/bin/cc1", OLDER, unequal=True, outdated="gcc 2"),
        Native("/bin/sed", "/kit/sed", "sed 1", ("nscript",)),
    )
    for answer, counts in zip(answers, ((9, 2), (4, 0), (70, 0), (1, 0)), strict=True):
        slot = slots.take(answer)
        totals += Counter({slot: counts[0], slot + 1: counts[1]})
        times |= {slot: Times(0.5, 1.0), slot + 1: Times(counts[1], 4.0)}
        if "uname" in answer.program:
            times[slot] = Times(0.25, 0.25)
    return cast("StandIns", SimpleNamespace(slots=slots, totals=totals, times=lambda: dict(times)))


def test_what_took_most_while_emulated_comes_first() -> None:
    assert [(use.program, use.native, use.emulated) for use in explaining.uses(made())] == [
        ("/bin/sed", 0, 2),
        ("/usr/bin/cc1", 0, 70),
        ("/bin/uname", 0, 4),
        ("/bin/sed", 10, 0),
    ]


def test_the_explanation_has_a_line_for_each() -> None:
    text = explaining.explanation({(ARM, "debian"): made()})
    assert text.splitlines() == [
        "linux/arm64, from debian: programs took 3.8 s of CPU time, 2.8 s of it emulated",
        "  /bin/sed: 2 emulated, 2.00 s CPU in 4.00 s (its arguments or environment say so)",
        f"  /usr/bin/cc1: 70 emulated, 0.50 s CPU in 1.00 s ({OLDER})",
        "  /bin/uname: 4 emulated, 0.25 s CPU in 0.25 s (it tells the machine)",
        "  /bin/sed: 10 native, 1.00 s CPU in 2.00 s",
    ]


def test_the_same_is_had_as_events() -> None:
    found = list(explaining.profile({(ARM, "debian"): made()}))
    assert found[1] == ProgramExecs(
        "linux/arm64", "debian", "/usr/bin/cc1", OLDER, 0, 70, cpu_seconds=0.5, wall_seconds=1.0
    )
    assert len(found) == 4


def test_advice_is_given_for_what_matters() -> None:
    assert explaining.advice({(ARM, "debian"): made()}) == f"/usr/bin/cc1: {OLDER}"
    assert explaining.advice({}) == ""


def test_a_few_that_take_long_are_worth_advice() -> None:
    found = made()
    slow = Emulate("/usr/bin/rustc", "metadata", unequal=True, weight=25)
    slot = found.slots.take(slow)
    found.totals[slot] = 1
    assert "rustc" not in explaining.advice({(ARM, "debian"): found})
    found.totals[slot] = 2
    assert "/usr/bin/rustc: metadata" in explaining.advice({(ARM, "debian"): found})


def test_what_is_newer_than_the_kit_counts_only_if_it_ran() -> None:
    found = made()
    found.slots.take(Emulate("/usr/bin/as", OLDER, unequal=True, outdated="binutils 2"))
    assert explaining.outdated(found) == {"gcc 2"}


def test_the_conditions_that_were_met_are_told() -> None:
    found = made()
    slot = next(number for number, one in found.slots.answers.items() if "sed" in one.program)
    for condition in ("s", "m-g", "zLD_PRELOAD"):
        found.slots.refuse(slot, condition)
    text = explaining.explanation({(ARM, "debian"): found})
    assert "/bin/sed: 2 emulated, 2.00 s CPU in 4.00 s (LD_PRELOAD is set; an argument" in text

"""What is said of stand-ins at the end."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import cast

from trimaran import platforms
from trimaran.accelerator.answers import Emulate, Native
from trimaran.build import explaining
from trimaran.executor.answering import Slots
from trimaran.executor.stand_ins import StandIns

ARM = platforms.parse("linux/arm64")
OLDER = "gcc is 1 in the image and 2 in the kit"


def made() -> StandIns:
    slots, totals = Slots(100), Counter[int]()
    answers: tuple[Native | Emulate, ...] = (
        Native("/bin/sed", "/kit/sed", "sed 1", ()),
        Emulate("/bin/uname", "it tells the machine"),
        Emulate("/usr/bin/cc1", OLDER, unequal=True),
        Native("/bin/sed", "/kit/sed", "sed 1", ("nscript",)),
    )
    for answer, counts in zip(answers, ((9, 2), (4, 0), (70, 0), (1, 0)), strict=True):
        slot = slots.take(answer)
        totals += Counter({slot: counts[0], slot + 1: counts[1]})
    return cast("StandIns", SimpleNamespace(slots=slots, totals=totals))


def test_what_was_emulated_most_comes_first() -> None:
    assert [(use.program, use.native, use.emulated) for use in explaining.uses(made())] == [
        ("/usr/bin/cc1", 0, 70),
        ("/bin/uname", 0, 4),
        ("/bin/sed", 0, 2),
        ("/bin/sed", 10, 0),
    ]


def test_the_explanation_has_a_line_for_each() -> None:
    text = explaining.explanation({(ARM, "debian"): made()})
    assert text.splitlines() == [
        "linux/arm64, from debian:",
        f"  /usr/bin/cc1: 70 emulated ({OLDER})",
        "  /bin/uname: 4 emulated (it tells the machine)",
        "  /bin/sed: 2 emulated (its arguments or environment say so)",
        "  /bin/sed: 10 native",
    ]


def test_advice_is_given_for_what_matters() -> None:
    assert explaining.advice({(ARM, "debian"): made()}) == f"/usr/bin/cc1: {OLDER}"
    assert explaining.advice({}) == ""

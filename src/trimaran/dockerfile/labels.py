"""How people know a step: `[linux/arm64 build 3/7] RUN make`, and its lines in the Dockerfile."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.bases import BasedStage, FromFolder, FromImage
from trimaran.graph.steps import Step, chain
from trimaran.platforms import Platform


class StepLabel(msgspec.Struct, frozen=True):
    """A step for people.

    Attributes:
        lines: of the instruction in the Dockerfile, 1-based and inclusive; (0, 0) if it has none.
    """

    text: str
    platform: Platform
    lines: tuple[int, int]


class StageLabels:
    """Counts a stage's steps and labels them.

    Args:
        based: the stage.
        title: its name; empty where the Dockerfile has no other.
        instructions: all that will be carried out.
    """

    def __init__(
        self, based: BasedStage, title: str, instructions: Iterable[df.Instruction]
    ) -> None:
        self._based = based
        self._title = title
        self._has_base = isinstance(based.base, FromImage | FromFolder)
        self._total = self._has_base + sum(_makes_step(line) for line in instructions)
        self._number = 0

    def base(self, step: Step | None) -> dict[int, StepLabel]:
        """The labels of the base's steps: all are one FROM."""
        if not self._has_base:
            return {}
        label = self._label(f"FROM {self._based.base_name}", self._based.stage.line)
        return {id(link): label for link in chain(step)}

    def next(self, line: df.Line) -> StepLabel:
        """The label of the next instruction that makes a step."""
        keyword, *words = line.text.split()
        return self._label(" ".join([keyword.upper(), *words]), line)

    def _label(self, text: str, line: df.Line) -> StepLabel:
        self._number += 1
        width = len(str(self._total))
        count = f"{self._number:{width}}/{self._total}"
        where = " ".join(part for part in (str(self._based.platform), self._title, count) if part)
        return StepLabel(f"[{where}] {text}", self._based.platform, line.lines)


def _makes_step(instruction: df.Instruction) -> bool:
    return isinstance(instruction, df.Run | df.Copy | df.Workdir)

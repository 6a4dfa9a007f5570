"""A first start of each stand-in, out of sight: what crashes there is not used in this build."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.judge import Question
from trimaran.accelerator.kits import CONTROL
from trimaran.errors import HostError
from trimaran.linux import process

_PATIENCE_S = 10.0
_NOT_LOADED = 127
"""What ld.so ends with when a library or a symbol is missing; shells use it as well."""
_LOADER_SAYS = (b"error while loading shared libraries", b"symbol lookup error")


class Tried:
    """A judge whose stand-ins were started once, with --version and nothing to read.

    A program may refuse that as it likes; only a crash counts, or what its loader says.

    Args:
        judge: decides.
        folder: of `StandIns`, which containers see at `CONTROL`.
    """

    def __init__(self, judge: Callable[[Question], Answer], folder: Path) -> None:
        self._judge = judge
        self._folder = folder
        self._faults: dict[str, str] = {}

    def answer(self, question: Question) -> Answer:
        """As the judge says, unless the stand-in does not start."""
        answer = self._judge(question)
        if not isinstance(answer, Native):
            return answer
        if answer.stand_in not in self._faults:
            self._faults[answer.stand_in] = self._fault(answer)
        fault = self._faults[answer.stand_in]
        return Emulate(answer.program, f"its stand-in {fault}") if fault else answer

    def _fault(self, answer: Native) -> str:
        argv = self._argv(answer)
        if not argv or ":" in str(self._folder):
            return ""
        with tempfile.TemporaryDirectory(prefix="trimaran-") as place:
            try:
                done = process.run(
                    argv,
                    environment={"PATH": process.SYSTEM_PATH},
                    folder=Path(place),
                    check=False,
                    timeout_s=_PATIENCE_S,
                )
            except HostError as error:
                return f"cannot be started: {error.message}"
        if done.returncode < 0:
            return f"was killed by signal {-done.returncode} at its start"
        complains = any(text in done.stderr for text in _LOADER_SAYS)
        return "cannot be loaded" if done.returncode == _NOT_LOADED and complains else ""

    def _argv(self, answer: Native) -> list[str]:
        """The argument vector as the interpreter would make it, with this process's paths."""
        words = {"0": os.path.basename(answer.program), "*": "--version"}
        program, vector = "", list[str]()
        for field in answer.fields:
            if field.startswith("x"):
                program = str(self._folder / field[1:])
            elif field.startswith("a"):
                vector.append(field[1:].replace(CONTROL, str(self._folder)))
            elif field in words:
                vector.append(words[field])
        return [program, *vector[1:]] if program else []

"""A RUN step: its program in a container, its output as lines, its failure explained."""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence

from trimaran.emulation.quirks import Quirks
from trimaran.errors import StepError
from trimaran.executor import output, symptoms
from trimaran.executor.diagnosis import NOT_STARTED, Circumstances, diagnose
from trimaran.executor.dying import DyingInit
from trimaran.executor.runtime import Running, Runtime
from trimaran.executor.stage import Stage
from trimaran.executor.stalls import StalledError, StallWatch
from trimaran.executor.symptoms import Symptoms
from trimaran.graph.steps import Run
from trimaran.linux import processes
from trimaran.scheduler.tasks import Stopped
from trimaran.ui.words import duration

_TAIL_LINES = 40
_POLL_S = 0.1

Warn = Callable[[str, str], None]
"""Takes a warning's message and hint."""


class LayoutCrashError(StepError):
    """A step failed in a way that may not come with another layout of the memory."""


class StepRun:
    """One run of a RUN step's program.

    Args:
        step: the step.
        label: the step as the user knows it.
        report: takes each line of output as it comes.
        warn: takes what is to be said while it runs.
        stop: ends the program early.
        quirks: what is done about the emulator's troubles.
    """

    def __init__(
        self,
        step: Run,
        label: str,
        *,
        report: Callable[[str], None],
        warn: Warn,
        stop: threading.Event,
        quirks: Quirks,
    ) -> None:
        self._step = step
        self._label = label
        self._report = report
        self._warn = warn
        self._stop = stop
        self._quirks = quirks
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._symptoms = Symptoms()

    def run(self, stage: Stage, runtime: Runtime, *, randomize: bool) -> None:
        """Run the program to its end; nothing of it is left then, however it ended.

        Args:
            stage: from `stage.prepared`.
            runtime: starts it.
            randomize: whether its memory is laid out at random.

        Raises:
            LayoutCrashError: it crashed with `randomize` as emulated programs may.
            StepError: it did not start, its exit status is not 0, or it hung.
            Stopped: `stop` was set.
        """
        kills = processes.oom_kills()
        try:
            with runtime.start(stage.container, stage.bundle, randomize=randomize) as running:
                status = self._follow(running)
        except StalledError as stall:
            raise self._stalled(stall) from stall
        complaints = running.complaints()
        if status == 0 and not complaints:
            return
        starved = processes.oom_kills() > kills
        raise self._failed(stage, status, complaints, starved=starved, randomize=randomize)

    def _failed(
        self,
        stage: Stage,
        status: int,
        complaints: Sequence[str],
        *,
        starved: bool,
        randomize: bool,
    ) -> StepError:
        around = Circumstances(self._symptoms, self._quirks.cpu, starved, not randomize)
        found = diagnose(self._step, stage.container.root, status, complaints, around)
        crash = self._symptoms.crash(status)
        avoidable = randomize and not complaints and "aslr" in self._quirks.names
        again = avoidable and symptoms.is_layout_crash(crash, self._quirks.cpu)
        kind = LayoutCrashError if again else StepError
        return kind(
            found.message,
            step=self._label,
            platform=str(self._step.platform),
            exit_status_of_step=found.exit_status,
            output=tuple(self._tail),
            hint=found.hint,
        )

    def _stalled(self, stall: StalledError) -> StepError:
        return StepError(
            f"ended after {duration(stall.seconds)} without output and CPU time",
            step=self._label,
            platform=str(self._step.platform),
            exit_status_of_step=NOT_STARTED,
            output=(*self._tail, "it hangs in:", *stall.lines),
            hint=_STALL_HINT,
        )

    def _follow(self, running: Running) -> int:
        """Read to the end of the output, then wait: a program may close its output and go on."""
        stdout = running.child.stdout
        if stdout is None:
            raise ValueError(running)
        watch = StallWatch(running.child.pid, self._quirks, self._warn_of_stall)
        init = DyingInit(running, enabled="crash" in self._quirks.names)

        def take(line: str) -> None:
            watch.heard()
            self._take(line)

        def look() -> None:
            init.look()
            watch.look()

        ended = output.read_lines(stdout.fileno(), self._stop, take, look)
        while ended and not self._stop.is_set():
            look()
            try:
                running.child.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                continue
            return init.status(running.wait())
        raise Stopped

    def _take(self, line: str) -> None:
        self._symptoms.take(line)
        self._tail.append(line)
        self._report(line)

    def _warn_of_stall(self, seconds: float, lines: Sequence[str]) -> None:
        message = f"{self._label}: no output and no CPU time for {duration(seconds)}; it hangs in:"
        ending = self._quirks.end_after_s
        hint = "--stall-timeout SECONDS ends a step that does nothing for so long"
        if ending:
            hint = f"it will be ended after {duration(ending)}"
        self._warn("\n".join((message, *lines)), hint)


_STALL_HINT = (
    "--stall-timeout sets how long it may do nothing; a stage FROM --platform=$BUILDPLATFORM"
    " is not emulated"
)

"""A RUN step: its program in a container, its output as lines, its failure explained."""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from collections.abc import Callable

from trimaran.errors import StepError
from trimaran.executor import output
from trimaran.executor.diagnosis import diagnose
from trimaran.executor.runtime import Running, Runtime
from trimaran.executor.stage import Stage
from trimaran.graph.steps import Run
from trimaran.scheduler.tasks import Stopped

_TAIL_LINES = 40
_POLL_S = 0.1


def run_step(
    step: Run,
    stage: Stage,
    runtime: Runtime,
    *,
    label: str,
    report: Callable[[str], None],
    stop: threading.Event,
) -> None:
    """Run the program to its end; nothing of it is left then, however it ended.

    Args:
        step: the step.
        stage: from `stage.prepared`.
        runtime: starts it.
        label: the step as the user knows it.
        report: takes each line of output as it comes.
        stop: ends the program early.

    Raises:
        StepError: it did not start, or its exit status is not 0.
        Stopped: `stop` was set.
    """
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    printed = 0

    def take(line: str) -> None:
        nonlocal printed
        printed += 1
        tail.append(line)
        report(line)

    with runtime.start(stage.container, stage.bundle) as running:
        status = _follow(running, stop, take)
    complaints = running.complaints()
    if status == 0 and not complaints:
        return
    found = diagnose(step, stage.container.root, status, complaints, printed)
    raise StepError(
        found.message,
        step=label,
        platform=str(step.platform),
        exit_status_of_step=found.exit_status,
        output=tuple(tail),
        hint=found.hint,
    )


def _follow(running: Running, stop: threading.Event, take: Callable[[str], None]) -> int:
    """Read to the end of the output, then wait: a program may close its output and go on."""
    stdout = running.child.stdout
    if stdout is None:
        raise ValueError(running)
    ended = output.read_lines(stdout.fileno(), stop, take)
    while ended and not stop.is_set():
        try:
            running.child.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue
        return running.wait()
    raise Stopped

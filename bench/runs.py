"""Measured runs of commands, and what several of them come to."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_MEASURER = Path(__file__).with_name("measurer.py")


@dataclass(frozen=True, slots=True)
class Command:
    """An argument vector.

    Attributes:
        wrapper: what starts the process that measures, such as `unshare --mount`; not measured.
        environment: variables beside this process's own; an empty value unsets one.
    """

    argv: Sequence[str]
    wrapper: Sequence[str] = ()
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """`peak_mib` is that of the largest process among the command and its children."""

    seconds: float
    peak_mib: float


def measured(commands: Sequence[Command]) -> Run:
    """Run the commands one after the other: the sum of their times, the largest of their peaks.

    What earlier runs left unwritten is written first, so that no run pays for another.

    Raises:
        RuntimeError: a command failed; its output is in the message.
    """
    os.sync()
    runs = [_one(command) for command in commands]
    return Run(sum(run.seconds for run in runs), max(run.peak_mib for run in runs))


def summary(runs: Sequence[Run]) -> Run:
    """The median time and the largest peak."""
    seconds = statistics.median(run.seconds for run in runs)
    return Run(seconds, max(run.peak_mib for run in runs))


def best(runs: Sequence[Run]) -> Run:
    """The shortest time and the largest peak: what other work on the machine adds is left out."""
    return Run(min(run.seconds for run in runs), max(run.peak_mib for run in runs))


def _one(command: Command) -> Run:
    environment = {**os.environ, **(command.environment or {})}
    environment = {name: value for name, value in environment.items() if value}
    argv = [*command.wrapper, sys.executable, "-I", "-S", str(_MEASURER), *command.argv]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    seconds, peak_kib, status = done.stdout.split() or ("0", "0", "127")
    if status != "0":
        raise RuntimeError(f"{' '.join(command.argv)} ended with {status}:\n{done.stderr}")
    return Run(float(seconds), int(peak_kib) / 1024)

"""The watch for steps that hang: no output and no CPU time, for a while.

An emulated program whose signal or wake-up was lost waits for ever, and a build in CI with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from trimaran.emulation.quirks import Quirks
from trimaran.linux import processes
from trimaran.linux.processes import Process
from trimaran.ui.words import duration, one_line

_SAMPLES = 20
_LONGEST_PAUSE_S = 5.0
# What a hung program's runtime still uses for its timers: a hundredth, and two ticks for rounding.
_IDLE_SHARE, _IDLE_SLACK_S = 0.01, 0.02
_SHOWN_PROCESSES = 20
_SHOWN_CHARACTERS = 160


class StalledError(Exception):
    """The step is to be ended.

    Args:
        seconds: how long it did nothing.
        lines: where it hangs, from `describe`.
    """

    def __init__(self, seconds: float, lines: tuple[str, ...]) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.lines = lines


class Idleness:
    """How long nothing has happened, from samples of the CPU time used. Times are in seconds."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._cpu_s = 0.0

    def sample(self, now: float, cpu_s: float, *, active: bool) -> float:
        """Take a sample in; gives for how long there was neither output nor CPU time.

        Args:
            now: the time, never less than before.
            cpu_s: what all processes used so far; less than before if one has ended.
            active: there was output since the last sample.
        """
        used = cpu_s - self._cpu_s
        idle = 0 <= used <= _IDLE_SLACK_S + _IDLE_SHARE * (now - self._since)
        if active or not idle:
            self._since, self._cpu_s = now, cpu_s
        return now - self._since


@dataclass(slots=True)
class _State:
    idleness: Idleness
    next_at: float
    active: bool = False
    warned: bool = False


class StallWatch:
    """Watches the descendants of one process.

    Args:
        pid: of the process above the runtime.
        quirks: when to report and when to end.
        warn: takes the seconds and the lines of a report, once for each time that it stalls.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        pid: int,
        quirks: Quirks,
        warn: Callable[[float, tuple[str, ...]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pid = pid
        self._quirks = quirks
        self._warn = warn
        self._clock = clock
        self._state = _State(Idleness(clock()), clock() + self._pause_s)

    def heard(self) -> None:
        """There was output."""
        self._state.active = True

    def look(self) -> None:
        """To be called often; samples now and then.

        Raises:
            StalledError: nothing happened for so long that the step is to be ended.
        """
        state, now = self._state, self._clock()
        if not self._quirks.warn_after_s or now < state.next_at:
            return
        found = tuple(processes.below(self._pid))
        # On a busy machine one that can run may get no time for a while.
        active = state.active or any(one.state == processes.RUNNING for one in found)
        seconds = state.idleness.sample(now, sum(one.cpu_s for one in found), active=active)
        state.next_at, state.active = now + self._pause_s, False
        if seconds < self._quirks.warn_after_s:
            state.warned = False
            return
        if 0 < self._quirks.end_after_s <= seconds:
            raise StalledError(seconds, describe(found))
        if not state.warned:
            state.warned = True
            self._warn(seconds, describe(found))

    @property
    def _pause_s(self) -> float:
        return min(self._quirks.warn_after_s / _SAMPLES, _LONGEST_PAUSE_S)


def describe(found: Iterable[Process]) -> tuple[str, ...]:
    """A line for each process of a container, its children indented below it.

    Args:
        found: from `processes.below`; the runtime itself, at depth 0, is left out.
    """
    lines = [_line(process) for process in found if process.depth > 0]
    more = len(lines) - _SHOWN_PROCESSES
    return (*lines[:_SHOWN_PROCESSES], *((f"and {more} more",) if more > 0 else ()))


def _line(process: Process) -> str:
    words = process.command
    if len(words) > 1 and words[0].rpartition("/")[2].startswith("qemu-"):
        words = words[1:]  # binfmt_misc puts the emulator in front
    command = one_line(" ".join(words))
    if len(command) > _SHOWN_CHARACTERS:
        command = command[: _SHOWN_CHARACTERS - 3] + "..."
    facts = [process.state + (f" in {process.place}" if process.place else "")]
    facts += [f"{process.threads} threads"] if process.threads > 1 else []
    facts.append(f"{duration(process.cpu_s)} of CPU")
    return f"{'  ' * process.depth}{command} ({', '.join(facts)})"

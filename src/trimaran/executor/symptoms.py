"""What a failed step's exit status and output tell of the emulator's troubles.

An exit status is not enough: a package manager ends with a status of its own when a script's
program crashed. Only QEMU's own line tells it then (linux-user/signal.c).
"""

from __future__ import annotations

import re
import signal

_UNCAUGHT = re.compile(r"qemu: uncaught target signal (\d+) ")
_OVERFLOW = re.compile(r"Value too large for (?:defined )?data type")  # EOVERFLOW; glibc, musl
_FIRST_SIGNAL_STATUS = 128
CRASHES = frozenset({signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV})
_LAYOUT_CRASHES = frozenset({signal.SIGILL, signal.SIGSEGV})


class Symptoms:
    """Gathers what matters from a step's lines.

    Attributes:
        lines: how many there were.
        overflow: a program was told EOVERFLOW.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.overflow = False
        self._uncaught: int | None = None

    def take(self, line: str) -> None:
        """One line of output."""
        self.lines += 1
        if found := _UNCAUGHT.search(line):
            self._uncaught = int(found[1])
        self.overflow = self.overflow or _OVERFLOW.search(line) is not None

    def crash(self, exit_status: int) -> signal.Signals | None:
        """The signal of which a program of a failed step crashed; None if none is known of."""
        known = (signal_of(exit_status), _signal(self._uncaught or 0))
        return next((one for one in known if one in CRASHES), None)


def is_layout_crash(crash: signal.Signals | None, cpu: str) -> bool:
    """Whether a crash may be one that another layout of the memory avoids.

    Args:
        crash: from `Symptoms.crash`.
        cpu: the CPU that the programs saw, if it was not QEMU's default: then an illegal
            instruction is taken for one that this CPU lacks.
    """
    return crash in _LAYOUT_CRASHES and not (cpu and crash == signal.SIGILL)


def signal_of(exit_status: int) -> signal.Signals | None:
    """The signal N of an exit status 128 + N."""
    return _signal(exit_status - _FIRST_SIGNAL_STATUS)


def _signal(number: int) -> signal.Signals | None:
    try:
        return signal.Signals(number)
    except ValueError:
        return None

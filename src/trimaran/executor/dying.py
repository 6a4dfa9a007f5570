"""Ends an emulated program that is process 1 of its container and crashed.

QEMU ends a crashed program by sending itself the signal and waiting for it, all others blocked
(linux-user/signal.c). Process 1 of a pid namespace gets no signal that it does not handle
(pid_namespaces(7)): it would wait for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from trimaran.executor.runtime import Running
from trimaran.linux import processes

_PAUSE_S = 0.25
_SIGHTINGS = 2  # of which the first may be of one that is about to die


class DyingInit:
    """Watches process 1 of a container.

    Args:
        running: the container.
        enabled: whether to do anything.
        clock: seconds that only grow.

    Attributes:
        signal: the number of the signal of which it died; 0 if it did not.
    """

    def __init__(
        self, running: Running, *, enabled: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.signal = 0
        self._running = running
        self._enabled = enabled
        self._clock = clock
        self._next_at = clock() + _PAUSE_S
        self._sightings = 0

    def look(self) -> None:
        """To be called often: kills the container once its process 1 waits for its own death."""
        now = self._clock()
        if not self._enabled or self.signal or now < self._next_at:
            return
        self._next_at = now + _PAUSE_S
        found = self._waits_for()
        self._sightings = self._sightings + 1 if found else 0
        if self._sightings >= _SIGHTINGS:
            self.signal = found
            self._running.kill()

    def status(self, exit_status: int) -> int:
        """The container's exit status, given what the runtime said."""
        return 128 + self.signal if self.signal else exit_status

    def _waits_for(self) -> int:
        inits = (
            init
            for runtime in processes.children(self._running.child.pid)
            for init in processes.children(runtime)
        )
        return next((found for init in inits if (found := processes.waits_for_death(init))), 0)

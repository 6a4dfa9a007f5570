"""The wall and CPU time of each exec: what an emulated step's programs take.

An exec begins when the interpreter asks about it and ends with its process, or with the next
question of the same process. Exits are seen by pidfds. The CPU time is the process's clock
(clock_getcpuclockid(3)), which is gone as soon as the parent has waited: so it is read every few
milliseconds, and what came after the last reading is taken to have gone on as before.
"""

from __future__ import annotations

import os
import resource
import select
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass

import msgspec

_PAUSE_S = 0.004
_SHORTEST_S = _PAUSE_S / 2
"""What is shorter does not tell how busy a process is: at first it waits for its answer."""
_PAUSES_PER_READING = 50
"""Reading takes at most the fiftieth part of a CPU, however many processes there are."""
_SHARE_OF_FILES = 4
"""Of the descriptors that this process may have, this part is for pidfds."""


class Times(msgspec.Struct, frozen=True):
    """What some execs took, in seconds.

    Attributes:
        cpu: of the processes themselves, all their threads, without their children.
        wall: until they ended; a parent's has that of the children it waited for.
    """

    cpu: float = 0.0
    wall: float = 0.0

    def plus(self, other: Times) -> Times:
        """Both together."""
        return Times(self.cpu + other.cpu, self.wall + other.wall)


@dataclass
class _Exec:
    """One that was not seen to end: its counter, and its process's clock when it began.

    `rate` is the share of a CPU that it had between the last two readings that were not too close;
    before there are such it is taken to be busy.
    """

    pid: int
    slot: int
    began: float
    first: float
    read_at: float
    last: float
    rate: float = 1.0

    def read(self, now: float) -> bool:
        """Take the clock's reading; False if the process is gone."""
        try:
            cpu = time.clock_gettime(_clock(self.pid))
        except OSError:
            return False
        if cpu < self.last:  # another process has its number already
            return False
        if now - self.read_at >= _SHORTEST_S:
            self.rate = (cpu - self.last) / (now - self.read_at)
        self.last, self.read_at = cpu, now
        return True

    def times(self, now: float) -> Times:
        """What it took until now."""
        since = 0.0 if self.read(now) else self.rate * (now - self.read_at)
        return Times(max(self.last + since - self.first, 0.0), now - self.began)


class Profiler:
    """Sums times by the counters of `Slots`. Safe in threads.

    More processes than a quarter of the descriptors that this one may have are not watched at once.
    """

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._lock = threading.Lock()
        self._execs: dict[int, _Exec] = {}  # by pidfd
        self._pidfds: dict[int, int] = {}
        self._sums: defaultdict[int, Times] = defaultdict(Times)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE_OF_FILES

    def start(self) -> None:
        """Watch, in a thread that ends with `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; `sums` stay."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            for pidfd in list(self._execs):
                self._end(pidfd)
            self._poll.close()

    def begin(self, pid: int, slot: int) -> None:
        """An exec begins in a process that waits for this to return.

        Args:
            pid: of the process, which may have begun another before.
            slot: the counter that its times are summed under.
        """
        with self._lock:
            pidfd = self._pidfds.get(pid)
            if pidfd is not None:
                self._end(pidfd)
            if len(self._execs) >= self._most or self._stopped.is_set():
                return
            with suppress(OSError):  # it was killed meanwhile
                now, cpu = time.monotonic(), time.clock_gettime(_clock(pid))
                pidfd = os.pidfd_open(pid)
                self._poll.register(pidfd, select.EPOLLIN)
                self._execs[pidfd] = _Exec(pid, slot, now, cpu, now, cpu)
                self._pidfds[pid] = pidfd

    def sums(self) -> dict[int, Times]:
        """What was taken so far, by counter, those included that go on."""
        with self._lock:
            found, now = self._sums.copy(), time.monotonic()
            for one in self._execs.values():
                found[one.slot] = found[one.slot].plus(one.times(now))
            return dict(found)

    def _watch(self) -> None:
        due = 0.0
        while not self._stopped.is_set():
            self._poll.poll(max(due - time.monotonic(), 0.0))
            with self._lock:
                for pidfd, _ in self._poll.poll(0):  # once more: `begin` may have closed some
                    self._end(pidfd)
                now = time.monotonic()
                if now >= due:
                    self._read_all(now)
                    took = time.monotonic() - now
                    due = now + max(_PAUSE_S, _PAUSES_PER_READING * took)

    def _read_all(self, now: float) -> None:
        for one in self._execs.values():
            one.read(now)

    def _end(self, pidfd: int) -> None:
        one = self._execs.pop(pidfd)
        self._sums[one.slot] = self._sums[one.slot].plus(one.times(time.monotonic()))
        if self._pidfds.get(one.pid) == pidfd:
            del self._pidfds[one.pid]
        self._poll.unregister(pidfd)
        os.close(pidfd)


def _clock(pid: int) -> int:
    """The clock of a process's CPU time, as clock_getcpuclockid(3) makes it."""
    return (~pid << 3) | 2

"""Order and parallelism: runs tasks in threads, each after what it needs."""

from __future__ import annotations

import graphlib
import heapq
import queue
import threading
from collections.abc import Iterable, Mapping

from trimaran.errors import StepsError, TrimaranError
from trimaran.scheduler.tasks import Stopped, Task

_LIGHT_SLOTS_PER_HEAVY = 4


def run(
    tasks: Iterable[Task], *, heavy_slots: int, stop: threading.Event, light_slots: int = 0
) -> None:
    """Run every task once, as early as its needs and the slots allow.

    Among tasks that could start, those given first start first. The first failure sets `stop`: what
    has not started never starts, what runs is to notice. Returns or raises only once all is quiet.

    Args:
        tasks: their needs must be among them.
        heavy_slots: how many heavy tasks run at once, 1 or more.
        stop: set by a failure, by Ctrl-C, or by the caller from another thread.
        light_slots: how many light tasks run at once beside them; 0 for four per heavy slot.

    Raises:
        TrimaranError: the failure of the one task that failed.
        StepsError: several tasks failed, in the order in which they were given.
        Stopped: the caller set `stop`.
        KeyboardInterrupt: Ctrl-C came in, and everything has ended.
        ValueError: two tasks have one key, a need is no task, or needs form a circle.
    """
    runner = _Runner(tuple(tasks), heavy_slots, light_slots, stop)
    runner.work()
    runner.report()


def attempt(
    tasks: Iterable[Task], *, heavy_slots: int, stop: threading.Event, light_slots: int = 0
) -> Mapping[str, TrimaranError]:
    """Run every task whose needs succeed: a failure holds up only what needs its task.

    All else is as in `run`; a fault of the program itself still stops everything.

    Returns:
        The failures by the key of their task, in the order in which the tasks were given. What
        waited for a failed task is not named.

    Raises:
        Stopped, KeyboardInterrupt, ValueError: as `run`.
    """
    runner = _Runner(tuple(tasks), heavy_slots, light_slots, stop, keep_going=True)
    runner.work()
    return runner.failures()


class _Runner:
    def __init__(
        self,
        tasks: tuple[Task, ...],
        heavy_slots: int,
        light_slots: int,
        stop: threading.Event,
        *,
        keep_going: bool = False,
    ) -> None:
        self._tasks = tasks
        self._keep_going = keep_going
        self._index = {task.key: index for index, task in enumerate(tasks)}
        self._sorter = _sorter(tasks, self._index)
        self._free = {True: heavy_slots, False: light_slots or _LIGHT_SLOTS_PER_HEAVY * heavy_slots}
        self._ready: dict[bool, list[int]] = {True: [], False: []}
        self._ended: queue.SimpleQueue[tuple[int, BaseException | None]] = queue.SimpleQueue()
        self._running = 0
        self._failures: dict[int, BaseException] = {}
        self._interrupted = False
        self._quiet = threading.Event()
        self._stop = stop

    def work(self) -> None:
        """Coordinate in a thread, since Ctrl-C could tear the main one's bookkeeping, and wait."""
        coordinator = threading.Thread(target=self._coordinate, name="scheduler")
        while not self._quiet.is_set():
            try:
                if coordinator.ident is None:
                    coordinator.start()
                self._quiet.wait()
            except KeyboardInterrupt:
                self._stop.set()
                self._interrupted = True

    def _coordinate(self) -> None:
        try:
            self._start_ready()
            while self._running:
                self._finish(*self._ended.get())
                self._start_ready()
        finally:
            self._quiet.set()

    def report(self) -> None:
        """Raise what there is to raise."""
        known = tuple(self._known().values())
        if len(known) > 1:
            raise StepsError(known)
        if known:
            raise known[0]
        if self._sorter.is_active():
            raise Stopped

    def failures(self) -> Mapping[str, TrimaranError]:
        """The failures by key; raises where the work was called off."""
        known = self._known()
        if self._stop.is_set() and self._sorter.is_active():
            raise Stopped
        return known

    def _known(self) -> dict[str, TrimaranError]:
        """The failures by key, in the order of their tasks; raises what is none of a task."""
        if self._interrupted:
            raise KeyboardInterrupt
        known: dict[str, TrimaranError] = {}
        for index, failure in sorted(self._failures.items()):
            if not isinstance(failure, TrimaranError):
                raise failure
            known[self._tasks[index].key] = failure
        return known

    def _start_ready(self) -> None:
        for key in self._sorter.get_ready():
            index = self._index[key]
            heapq.heappush(self._ready[self._tasks[index].heavy], index)
        for heavy, ready in self._ready.items():
            while ready and self._free[heavy] and not self._stop.is_set():
                self._start(heapq.heappop(ready))

    def _start(self, index: int) -> None:
        task = self._tasks[index]
        thread = threading.Thread(target=self._act, args=(index,), name=task.key)
        thread.start()
        self._free[task.heavy] -= 1
        self._running += 1

    def _act(self, index: int) -> None:
        failure: BaseException | None = None
        try:
            self._tasks[index].action()
        except BaseException as error:  # noqa: BLE001 - carried to the waiting thread
            failure = error
        self._ended.put((index, failure))

    def _finish(self, index: int, failure: BaseException | None) -> None:
        task = self._tasks[index]
        self._running -= 1
        self._free[task.heavy] += 1
        if failure is None:
            self._sorter.done(task.key)
            return
        if not (self._keep_going and isinstance(failure, TrimaranError)):
            self._stop.set()
        if not isinstance(failure, Stopped):
            self._failures[index] = failure


def _sorter(tasks: tuple[Task, ...], index: dict[str, int]) -> graphlib.TopologicalSorter[str]:
    if len(index) != len(tasks):
        raise ValueError("two tasks have one key")
    for task in tasks:
        for need in task.needs:
            if need not in index:
                raise ValueError(f"task {task.key} needs {need}, which is no task")
    sorter = graphlib.TopologicalSorter({task.key: task.needs for task in tasks})
    sorter.prepare()
    return sorter

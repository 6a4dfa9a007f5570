"""Native stand-ins in the containers of emulated steps: the folder that the interpreter reads.

It is shown read-only below the container's /dev, which no layer holds. What a container may write
is one file of counters, which nothing but the display reads.
"""

from __future__ import annotations

import itertools
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from trimaran.accelerator.answers import SLOTS, Native
from trimaran.accelerator.kits import CONTROL
from trimaran.executor.answering import AnswerServer, Judge, Slots
from trimaran.executor.bundle import BindMount
from trimaran.executor.profiling import Profiler, Times
from trimaran.executor.trying import Tried
from trimaran.graph.steps import Run
from trimaran.linux.mounts import Overlay

_COUNTER = struct.Struct("=Q")
_COUNTS_BYTES = SLOTS * _COUNTER.size
_FOLDERS = ("answers", "kit/base", "kit/compiler", "kit/empty", "own")


class Supply(Protocol):
    """What gives steps their stand-ins."""

    @property
    def verify(self) -> bool:
        """Whether every step that has them is to run a second time without."""

    def stand_ins(self, step: Run) -> StandIns | None:
        """What a step's container is to be given; None if that is nothing. Raises HostError."""


class NoSupply:
    """Of builds that emulate everything."""

    @property
    def verify(self) -> bool:
        """No step has any."""
        return False

    def stand_ins(self, step: Run) -> None:
        """Nothing."""


class Execs(msgspec.Struct, frozen=True):
    """How many programs a step started, and how many of them were native stand-ins."""

    native: int
    all: int


class StandIns:
    """What the containers of one base image on one platform share.

    Args:
        folder: empty, on a file system of its own that is shared with its binds.

    Attributes:
        slots: what was answered, and where it is counted.
        totals: the counters of all steps that ended, summed.
    """

    def __init__(self, folder: Path) -> None:
        self.slots = Slots(SLOTS)
        self.totals: Counter[int] = Counter()
        self._folder = folder
        self._server: AnswerServer | None = None
        self._profiler: Profiler | None = None
        self._steps = itertools.count()
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True)
        (folder / "counts").touch()

    @property
    def own(self) -> Path:
        """Where programs may be put that no kit has."""
        return self._folder / "own"

    def serve(self, judge: Judge, failed: Callable[[str], None], *, profile: bool = False) -> None:
        """Answer what the interpreter asks from now on; without this, it emulates everything.

        Args:
            judge: decides.
            failed: takes the reason why the judge itself failed.
            profile: measure each exec, which then has to ask.
        """
        if profile:
            self._profiler = Profiler()
            self._profiler.start()
        tried = Tried(judge, self._folder)
        self._server = AnswerServer(self._folder, tried.answer, self.slots, failed, self._profiler)
        self._server.start()

    def times(self) -> dict[int, Times]:
        """What programs took so far, by the counter that they raised; nothing without a profile."""
        return self._profiler.sums() if self._profiler else {}

    def show(self, name: str, lowers: Sequence[Path]) -> Path:
        """Show a kit's file system, base first, in every container, those that run included.

        Raises:
            HostError: it cannot be mounted.
        """
        target = self._folder / "kit" / name
        # An overlay is read-only from its first moment; a bind's remount would not be passed on.
        layers = (*reversed(lowers), self._folder / "kit" / "empty")
        Overlay(layers, None, None, target).execute()
        return target

    @contextmanager
    def counted(self) -> Iterator[StepCounter]:
        """The mounts of one step's container, and the count of what it starts."""
        if self._server:
            self._server.forget()
        file = self._folder / f"counts-{next(self._steps)}"
        file.write_bytes(bytes(_COUNTS_BYTES))
        file.chmod(0o666)
        counter = StepCounter(self._folder, file, self.slots)
        try:
            yield counter
        finally:
            self.totals.update(counter.read())
            file.unlink()

    def close(self) -> None:
        """Answer no more; what asks still is emulated."""
        if self._server:
            self._server.stop()
        if self._profiler:
            self._profiler.stop()


class StepCounter:
    """One step's counters, and the mounts that show them and the folder.

    Args:
        folder: of `StandIns`.
        file: the counters.
        slots: which of them are of stand-ins.
    """

    def __init__(self, folder: Path, file: Path, slots: Slots) -> None:
        self._file = file
        self._slots = slots
        self.mounts = (
            BindMount(folder, CONTROL, ("ro", "nosuid", "nodev"), follows=True),
            BindMount(file, f"{CONTROL}/counts", ("nosuid", "nodev", "noexec")),
        )

    def read(self) -> dict[int, int]:
        """The counters that are not 0."""
        with self._file.open("rb") as file:  # which the container may have cut or made longer
            data = file.read(_COUNTS_BYTES).ljust(_COUNTS_BYTES, b"\0")
        counts = (number for (number,) in _COUNTER.iter_unpack(data))
        return {slot: count for slot, count in enumerate(counts) if count}

    def unequal(self) -> tuple[str, ...]:
        """The programs that ran as stand-ins of another version, each with its package."""
        answers = (self._slots.answers.get(slot) for slot in self.read())
        unequal = (one for one in answers if isinstance(one, Native) and not one.exact)
        return tuple(sorted({f"{one.program} ({one.package})" for one in unequal}))

    def execs(self) -> Execs:
        """What the step started so far."""
        counts = self.read()
        native = sum(count for slot, count in counts.items() if slot in self._slots.native)
        return Execs(native, sum(counts.values()))

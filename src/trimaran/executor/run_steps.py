"""RUN: its mounts are made, its stage is set, its program runs to the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from trimaran.emulation import quirks
from trimaran.emulation.quirks import Quirks
from trimaran.events import Emit, Notice, StepExecs, StepOutput
from trimaran.executor import stage
from trimaran.executor.bundle import BindMount
from trimaran.executor.running import StepRun
from trimaran.executor.runtime import Runtime
from trimaran.executor.stage import Program
from trimaran.executor.stand_ins import Supply
from trimaran.executor.step_mounts import StepMounter, StepMounts, Tree
from trimaran.executor.surroundings import Surroundings
from trimaran.graph.steps import Run
from trimaran.platforms import Platform
from trimaran.store import trees
from trimaran.store.snapshots import PendingSnapshot
from trimaran.store.store import Store

_MOUNTS = "mounts"


class RunSteps:
    """Runs the programs of RUN steps; its arguments are those of `Executor`.

    Attributes:
        unequal: by a step's identity its stand-ins of another version than their programs.
    """

    def __init__(
        self,
        store: Store,
        runtime: Runtime | None,
        lent: Surroundings,
        emit: Emit,
        *,
        stop: threading.Event,
        settings: Mapping[Platform, Quirks],
        show_sys: bool,
        stand_ins: Supply,
    ) -> None:
        self.unequal: dict[str, tuple[str, ...]] = {}
        self._runtime = runtime
        self._lent = lent
        self._emit = emit
        self._stop = stop
        self._settings = settings
        self._show_sys = show_sys
        self._stand_ins = stand_ins
        self._mounter = StepMounter(store, lent, stop, self._warn)

    def run(
        self,
        step: Run,
        identity: str,
        pending: PendingSnapshot,
        *,
        folders: Sequence[Path],
        tree: Tree,
        label: str,
        randomize: bool,
        plain: bool = False,
    ) -> None:
        """Run a step's program on `folders`, its changes into `pending`; `plain` has no stand-ins.

        Raises:
            StepError: it failed.
            ContextError, HostError, ImageError, StoreError: it cannot be prepared.
            Stopped: the build was called off.
        """

        def report(line: str) -> None:
            self._emit(StepOutput(identity, line, time.time()))

        settings = self._settings.get(step.platform, quirks.NONE)
        assert self._runtime is not None  # noqa: S101 - the word of Executor's caller
        running = StepRun(
            step, label, report=report, warn=self._warn, stop=self._stop, quirks=settings
        )
        place = pending.work.parent / _MOUNTS
        place.mkdir()
        with (
            self._accelerated(step, identity, plain=plain) as own_mounts,
            self._mounter.opened(step, place, tree) as beside,
            stage.prepared(
                _program(step, beside, own_mounts),
                pending,
                folders,
                self._lent,
                show_sys=self._show_sys,
                extra={**settings.environment, **beside.defaults},
                memory=beside.memory,
            ) as ready,
        ):
            running.run(ready, self._runtime, randomize=randomize)
        trees.remove(place.parent, place.name)

    @contextmanager
    def _accelerated(
        self, step: Run, identity: str, *, plain: bool
    ) -> Iterator[tuple[BindMount, ...]]:
        """The mounts by which native stand-ins are had; tells at the end how many there were."""
        stand_ins = None if plain else self._stand_ins.stand_ins(step)
        if stand_ins is None:
            yield ()
            return
        with stand_ins.counted() as counter:
            yield counter.mounts
            self.unequal[identity] = counter.unequal()
            execs = counter.execs()
            self._emit(StepExecs(identity, execs.native, execs.all))

    def _warn(self, message: str, hint: str) -> None:
        self._emit(Notice("warning", message, hint))


def _program(step: Run, beside: StepMounts, more: Sequence[BindMount]) -> Program:
    own = (v for v in step.environment if v.partition("=")[0] not in beside.environment)
    secret = (f"{name}={value}" for name, value in beside.environment.items())
    return Program(
        step.arguments,
        (*own, *secret),
        step.directory,
        step.user,
        (*more, *beside.mounts),
        isolated=step.network == "none",
        insecure=step.security == "insecure",
    )

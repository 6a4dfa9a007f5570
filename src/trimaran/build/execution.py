"""Does what the store lacks: the part of a build that a cached one does without.

`builder` loads it only where it is needed: that takes longer than a cached build lasts.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from trimaran.build import preflight
from trimaran.build.cache_imports import Imports
from trimaran.build.contexts import Folders
from trimaran.build.demand import Demand
from trimaran.build.machine import Machine
from trimaran.build.plan import Plan
from trimaran.build.resolve import Resolver
from trimaran.build.work import Worker
from trimaran.dockerfile import arguments
from trimaran.dockerfile.instructions import Source
from trimaran.emulation.quirks import Quirks
from trimaran.emulation.support import Support
from trimaran.errors import TrimaranError
from trimaran.events import Emit
from trimaran.executor.executor import Executor
from trimaran.executor.runtime import Runtime
from trimaran.executor.stand_ins import Supply
from trimaran.executor.surroundings import Surroundings
from trimaran.graph.steps import Run, walk
from trimaran.platforms import Platform
from trimaran.request import BuildRequest, RunOptions
from trimaran.scheduler.runner import attempt, run

if TYPE_CHECKING:
    from trimaran.build.acceleration import Acceleration


class Execution(msgspec.Struct, frozen=True):
    """What one build has to do.

    Attributes:
        source: the Dockerfile, whose lines errors show.
        resolver: found the bases.
        imports: what caches from elsewhere know.
        folders: the local folders that COPY may read.
        supports: how each platform's programs run here.
    """

    request: BuildRequest
    machine: Machine
    plan: Plan
    source: Source
    resolver: Resolver
    imports: Imports
    folders: Folders
    supports: Mapping[Platform, Support]
    emit: Emit

    def do(self, demand: Demand, *, keep_going: bool = False) -> Mapping[str, TrimaranError]:
        """Fetch blobs, make file systems and write layers.

        To keep going is to do all that does not need what failed.

        Returns:
            What failed then, by the keys of `work.task_keys`.

        Raises:
            HostError: the runtime is missing.
            TrimaranError: as `scheduler.runner.run` gives the tasks' errors.
        """
        machine = self.machine
        # Found only where it is needed: an image FROM scratch that only copies runs nothing.
        runtime = Runtime.find(machine.search_path, machine.runtime) if self.supports else None
        settings = preflight.settings(self.supports, machine.quirks)
        accelerated = self._acceleration(runtime)
        executor = self._executor(runtime, machine.stop, settings, accelerated)
        worker = self._worker(executor, machine.stop, settings)
        with accelerated.running() if accelerated else nullcontext():
            tasks = worker.tasks(demand)
            if keep_going:
                return attempt(tasks, heavy_slots=machine.cores, stop=machine.stop)
            run(tasks, heavy_slots=machine.cores, stop=machine.stop)
        return {}

    def _executor(
        self,
        runtime: Runtime | None,
        stop: threading.Event,
        settings: Mapping[Platform, Quirks],
        stand_ins: Supply | None = None,
    ) -> Executor:
        return Executor(
            self.machine.store,
            runtime=runtime,
            lent=lent(self.machine.lent, self.request.build_args, self.request.run),
            find_files=self.folders.find,
            check_copied=self.folders.check,
            emit=self.emit,
            stop=stop,
            settings=settings,
            stand_ins=stand_ins,
        )

    def _worker(
        self, executor: Executor, stop: threading.Event, settings: Mapping[Platform, Quirks]
    ) -> Worker:
        return Worker(
            self.machine.store,
            self.plan,
            self.source,
            {**self.resolver.origins, **self.imports.origins},
            self.imports,
            self.supports,
            executor,
            self.emit,
            stop,
            settings,
        )

    def _acceleration(self, runtime: Runtime | None) -> Acceleration | None:
        from trimaran.build import acceleration  # noqa: PLC0415 - slow to load
        from trimaran.build.kits import KitMaker  # noqa: PLC0415 - slow to load

        mode = self.machine.accelerate
        if runtime is None or not acceleration.wanted(mode, self.supports):
            return None
        stop = threading.Event()
        worker = self._worker(self._executor(runtime, stop, {}), stop, {})
        return acceleration.Acceleration(
            self.machine.store,
            KitMaker(self.resolver, worker, self.imports, stop),
            self.supports,
            acceleration.Wish(
                mode == "compatible",
                _texts(self.plan),
                mode == "verify",
                self.machine.explain_acceleration,
            ),
            self.plan.identity,
            self.emit,
        )


def _texts(plan: Plan) -> dict[Platform, tuple[str, ...]]:
    """What the RUN steps say, by platform; those that are done may have brought a compiler."""
    found: dict[Platform, tuple[str, ...]] = {}
    for step in walk(plan.ends):
        if isinstance(step, Run):
            text = " ".join(step.arguments)
            found[step.platform] = (*found.get(step.platform, ()), text)
    return found


def lent(
    own: Surroundings, build_args: Mapping[str, str], options: RunOptions | None = None
) -> Surroundings:
    """What the machine and the user lend to steps.

    Proxies given as build arguments win over the machine's own.
    """
    options = options or RunOptions()
    return replace(
        own,
        proxies={**own.proxies, **arguments.proxies(build_args)},
        extra_hosts=options.hosts,
        secrets=options.secrets,
        agents=options.agents,
        shm_size_bytes=options.shm_size_bytes,
        ulimits=options.ulimits,
    )

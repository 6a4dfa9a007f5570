"""One build, from the request to the published result: the place that joins the rooms."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from trimaran import events
from trimaran.build import preflight
from trimaran.build.assemble import Assembler, BuiltIndex
from trimaran.build.contexts import Folders, open_folders, read_dockerfile
from trimaran.build.outputs import Outputs
from trimaran.build.plan import Demand, DemandFinder, Plan, make_plan
from trimaran.build.resolve import OpenRepository, Resolver
from trimaran.build.results import Packing, Results
from trimaran.build.work import Origins, Worker
from trimaran.dockerfile import arguments
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.parse import parse
from trimaran.emulation.support import Support
from trimaran.events import Emit
from trimaran.executor.executor import Executor
from trimaran.executor.runtime import Runtime
from trimaran.executor.surroundings import Surroundings
from trimaran.graph.steps import Extract, Step, walk
from trimaran.images.local import StoreImages
from trimaran.platforms import Platform
from trimaran.request import BuildRequest
from trimaran.scheduler.runner import run
from trimaran.store.store import Store


class Machine(msgspec.Struct, frozen=True):
    """What the machine gives a build.

    Attributes:
        search_path: where emulators are looked for.
        runtime: the OCI runtime's name or path.
        cores: how many heavy steps may run at once.
        stop: set to call the build off.
    """

    store: Store
    open_repository: OpenRepository
    search_path: str
    runtime: str
    cores: int
    lent: Surroundings
    stop: threading.Event


def build(request: BuildRequest, machine: Machine, emit: Emit) -> BuiltIndex | None:
    """Build every platform's image and bring the result where the request says.

    Nothing is written to a registry or a name before all platforms are built.

    Returns:
        The images in the store; None if all outputs are plain file systems.

    Raises:
        DockerfileError: the Dockerfile cannot be built as written.
        ImageError: bases are missing, for all platforms at once.
        HostError: the machine lacks an emulator, a runtime or namespaces.
        StepError, StepsError: steps failed.
        TrimaranError: whatever else the rooms below report.
    """
    with machine.store.use():
        return _Build(request, machine, emit).run()


class _Build:
    def __init__(self, request: BuildRequest, machine: Machine, emit: Emit) -> None:
        self._request = request
        self._machine = machine
        self._emit = emit
        self._store = machine.store
        self._results = Results(machine.store)
        self._outputs = Outputs(request, machine.store, machine.open_repository, emit)
        self._packing = Packing(self._outputs.compression, request.source_date_epoch)
        self._started = time.time()

    def run(self) -> BuiltIndex | None:
        request = self._request
        self._outputs.check()
        dockerfile = parse(read_dockerfile(request), request.dockerfile_name)
        folders = open_folders(request, self._store)
        images = StoreImages(self._store)
        resolver = Resolver(
            images, self._machine.open_repository, request.build_contexts, request.pull
        )
        plan = make_plan(request, dockerfile, resolver, folders.digest, self._results)
        folders.save()
        demand = self._demand(plan)
        preflight.check_push(request, self._machine.open_repository)
        if demand or self._outputs.want_roots:
            supports = preflight.prepare_platforms(demand.run_platforms, self._machine.search_path)
        self._announce(plan, demand)
        if demand:
            worker = self._worker(plan, dockerfile.source, resolver.origins, folders, supports)
            run(worker.tasks(demand), heavy_slots=self._machine.cores, stop=self._machine.stop)
        return self._finish(plan)

    def _demand(self, plan: Plan) -> Demand:
        packing = self._packing if self._outputs.want_layers else None
        finder = DemandFinder(plan, self._store, self._results)
        return finder.find(packing, self._outputs.want_roots)

    def _announce(self, plan: Plan, demand: Demand) -> None:
        shown: dict[str, Step] = {}
        for step in walk(plan.targets):
            if not isinstance(step, Extract):
                shown.setdefault(plan.identity(step), step)
        names = tuple(str(platform) for platform in plan.images)
        self._emit(events.BuildStarted(self._request.dockerfile_name, names, len(shown)))
        for name in dict.fromkeys(n for i in plan.images.values() for n in i.unused_build_args):
            self._emit(events.Notice("warning", f"--build-arg {name} is used by no ARG"))
        for key, step in shown.items():
            if key not in demand.roots:
                label = plan.label(step)
                self._emit(events.StepCached(key, label.text, str(label.platform)))

    def _worker(
        self,
        plan: Plan,
        source: Source,
        origins: Origins,
        folders: Folders,
        supports: Mapping[Platform, Support],
    ) -> Worker:
        machine = self._machine
        # Found only where it is needed: an image FROM scratch that only copies runs nothing.
        runtime = Runtime.find(machine.search_path, machine.runtime) if supports else None
        executor = Executor(
            self._store,
            runtime=runtime,
            lent=self._lent(),
            contexts=folders.roots,
            emit=self._emit,
            stop=machine.stop,
        )
        return Worker(
            self._store,
            plan,
            source,
            origins,
            supports,
            self._packing,
            executor,
            self._emit,
            machine.stop,
        )

    def _lent(self) -> Surroundings:
        """What the machine lends; proxies given as build arguments win over its own."""
        lent = self._machine.lent
        return replace(
            lent, proxies={**lent.proxies, **arguments.proxies(self._request.build_args)}
        )

    def _finish(self, plan: Plan) -> BuiltIndex | None:
        for identity, newer in plan.replaces.items():
            self._results.replace(identity, newer)
        self._store.sync()
        if not self._outputs.want_layers:
            self._outputs.write(plan, None)
            return None
        result = Assembler(plan, self._store, self._results, self._packing).assemble()
        self._outputs.write(plan, result)
        self._report(result)
        return result

    def _report(self, result: BuiltIndex) -> None:
        for image in result.images:
            self._emit(
                events.ImageBuilt(
                    str(image.platform), image.manifest.digest, image.size_bytes, image.seconds
                )
            )
        names = tuple(tag.familiar for tag in self._request.tags)
        seconds = time.time() - self._started
        self._emit(events.BuildDone(result.descriptor.digest, names, seconds))

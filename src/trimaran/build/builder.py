"""One build, from the request to the published result: the place that joins the rooms.

What a cached build does without is loaded where it is needed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trimaran import events
from trimaran.build.arch_tags import named
from trimaran.build.assemble import Assembler, BuiltIndex
from trimaran.build.contexts import open_folders, read_dockerfile
from trimaran.build.machine import Machine
from trimaran.build.outputs import Outputs
from trimaran.build.plan import Demand, DemandFinder, Plan, make_plan
from trimaran.build.resolve import Resolver
from trimaran.build.results import Packing, Results
from trimaran.dockerfile.instructions import Dockerfile
from trimaran.dockerfile.parse import parse
from trimaran.events import Emit
from trimaran.graph.steps import Extract, Step, walk
from trimaran.images.local import StoreImages
from trimaran.platforms import Platform
from trimaran.request import BuildRequest

if TYPE_CHECKING:
    from trimaran.emulation.support import Support


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
        self._outputs = Outputs(request)
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
        supports = self._preflight(demand)
        self._announce(plan, demand)
        if demand:
            from trimaran.build.execution import Execution  # noqa: PLC0415 - slow to load

            Execution(
                request,
                self._machine,
                plan,
                dockerfile.source,
                resolver.origins,
                folders,
                supports,
                self._packing,
                self._emit,
            ).do(demand)
        return self._finish(plan, dockerfile)

    def _demand(self, plan: Plan) -> Demand:
        packing = self._packing if self._outputs.want_layers else None
        finder = DemandFinder(plan, self._store, self._results)
        return finder.find(packing, self._outputs.want_roots)

    def _preflight(self, demand: Demand) -> Mapping[Platform, Support]:
        """Prove that targets may be pushed to, and make the programs of platforms run."""
        if not demand and not self._request.outputs:
            return {}
        from trimaran.build import preflight  # noqa: PLC0415 - slow to load

        preflight.check_push(self._request, self._machine.open_repository)
        if not demand and not self._outputs.want_roots:
            return {}
        machine = self._machine
        return preflight.prepare_platforms(
            demand.run_platforms, machine.search_path, machine.emulators
        )

    def _announce(self, plan: Plan, demand: Demand) -> None:
        shown: dict[str, Step] = {}
        for step in walk((*plan.targets, *plan.tests)):
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

    def _finish(self, plan: Plan, dockerfile: Dockerfile) -> BuiltIndex | None:
        for identity, newer in plan.replaces.items():
            self._results.replace(identity, newer)
        self._store.sync()
        if not self._outputs.want_layers:
            self._write(plan, None)
            return None
        result = Assembler(plan, self._store, self._results, self._packing).assemble()
        if any(output.type == "registry" for output in self._request.outputs):
            self._verify(result, dockerfile)
        self._write(plan, result)
        self._report(result)
        return result

    def _verify(self, result: BuiltIndex, dockerfile: Dockerfile) -> None:
        """Refuse to publish what would not run where its name says."""
        from trimaran.audit.allowances import Allowance  # noqa: PLC0415 - slow to load
        from trimaran.build.verifying import Gate, by_dockerfile  # noqa: PLC0415

        request = self._request
        gate = Gate(
            self._store,
            self._emit,
            tuple(Allowance(*pair) for pair in request.allowed.items()),
            self._machine.cores,
            request.verify,
        )
        name = ", ".join(tag.familiar for tag in request.tags)
        explain = by_dockerfile(dockerfile, request.target)
        gate.check(StoreImages(self._store), result.descriptor, name, explain)

    def _write(self, plan: Plan, result: BuiltIndex | None) -> None:
        """Write the outputs; without any, give the names of the local store to the result."""
        if self._request.outputs:
            from trimaran.build.writing import Writer  # noqa: PLC0415 - slow to load

            machine = self._machine
            Writer(self._request, self._store, machine.open_repository, self._emit).write(
                plan, result
            )
        elif result is not None:
            for tag, descriptor in named(self._request, result):
                self._store.tag(tag, descriptor)

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

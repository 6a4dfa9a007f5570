"""One build, from the request to the published result: the place that joins the rooms.

What a cached build does without is loaded where it is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from trimaran import platforms
from trimaran.build.arch_tags import named
from trimaran.build.assemble import Assembler, BuiltIndex
from trimaran.build.cache_imports import Imports
from trimaran.build.checking import find
from trimaran.build.contexts import Folders
from trimaran.build.demand import Demand, DemandFinder
from trimaran.build.epoch import dated
from trimaran.build.lending import check_lent
from trimaran.build.machine import Machine
from trimaran.build.opening import opened
from trimaran.build.outcomes import Outcomes
from trimaran.build.outputs import Outputs, Shape
from trimaran.build.plan import Plan, make_plan
from trimaran.build.resolve import Resolver
from trimaran.build.results import Results
from trimaran.build.telling import announce, report
from trimaran.dockerfile.instructions import Dockerfile
from trimaran.dockerfile.parse import parse
from trimaran.errors import PlatformsError, TrimaranError
from trimaran.events import Emit, Notice
from trimaran.graph.identity import identities
from trimaran.graph.steps import walk
from trimaran.images.local import StoreImages
from trimaran.platforms import Platform
from trimaran.request import BuildRequest

if TYPE_CHECKING:
    from trimaran.build.attesting import Attestor
    from trimaran.build.cache_exports import Exporter
    from trimaran.build.execution import Execution
    from trimaran.emulation.support import Support


class Built(msgspec.Struct, frozen=True):
    """What a build led to.

    Attributes:
        index: the images in the store; None if all outputs are plain file systems.
        failed: what is missing with the request's leave; None if nothing is.
    """

    index: BuiltIndex | None
    failed: PlatformsError | None = None


def build(request: BuildRequest, machine: Machine, emit: Emit) -> Built:
    """Build every platform's image and bring the result where the request says.

    Nothing is written to a registry or a name before all platforms are built, or have failed where
    the request allows that.

    Raises:
        DockerfileError: the Dockerfile cannot be built as written.
        ImageError: bases are missing, for all platforms at once.
        HostError: the machine lacks an emulator, a runtime or namespaces.
        StepError, StepsError: steps failed.
        PlatformsError: platforms failed, and the others were built all the same.
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
        wanted = request.platforms or (platforms.host(),)
        self._outcomes = Outcomes(wanted, keep_going=request.keep_going)
        self._started = time.time()
        sources = request.cache_from if not request.no_cache else ()
        self._imports = Imports(sources, machine.open_repository, machine.store, emit)

    def run(self) -> Built:
        self._outputs.check()
        if self._outputs.forced_oci:
            self._emit(Notice("warning", "oci-mediatypes=false is ignored for attested images"))
        if self._request.sbom:
            from trimaran.build.sbom import find_generator  # noqa: PLC0415 - slow to load

            find_generator(self._request.sbom, self._machine.search_path)
        with opened(self._request, self._machine, self._emit) as sources:
            dockerfile = parse(sources.dockerfile, self._request.dockerfile_name)
            self._request, dockerfile = dated(self._request, dockerfile, sources.folders)
            self._outputs = Outputs(self._request)
            return self._build(dockerfile, sources.folders)

    def _build(self, dockerfile: Dockerfile, folders: Folders) -> Built:
        request = self._request
        images = StoreImages(self._store)
        resolver = Resolver(
            images, self._machine.open_repository, request.build_contexts, request.pull
        )
        plan = make_plan(
            request,
            dockerfile,
            resolver,
            folders.digest,
            self._results,
            outcomes=self._outcomes,
        )
        self._check(plan, dockerfile, folders)
        self._outputs.check_bases(plan)
        folders.save()
        demand = self._demand(plan)
        plan, supports = self._preflight(plan, demand)
        demand = self._demand(plan) if plan.missing else demand
        if not self._outcomes.keep_going:
            check_lent(request, plan, demand, dockerfile.source)
        announce(request, plan, demand, self._emit)
        if demand:
            from trimaran.build.execution import Execution  # noqa: PLC0415 - slow to load

            execution = Execution(
                request,
                self._machine,
                plan,
                dockerfile.source,
                resolver,
                self._imports,
                folders,
                supports,
                self._emit,
            )
            plan = self._execute(execution, demand)
        attestor = self._attestor(plan, dockerfile, folders, resolver)
        return self._finish(plan, dockerfile, folders, attestor)

    def _check(self, plan: Plan, dockerfile: Dockerfile, folders: Folders) -> None:
        """Tell which rules the Dockerfile breaks.

        Raises:
            DockerfileError: its check directive makes them errors.
        """
        found = find(self._request, dockerfile, plan.images, folders)
        if fault := found.fault(dockerfile.source):
            raise fault
        for finding in found.all:
            self._emit(Notice("warning", finding.text))

    def _demand(self, plan: Plan) -> Demand:
        finder = DemandFinder(plan, self._store, self._results, self._imports)
        demand = finder.find(self._outputs.packings, want_roots=self._outputs.want_roots)
        if self._request.sbom:
            demand = finder.find_scanned()
        for cache in self._request.cache_to:
            if cache.place is not None:
                steps = plan.cacheable(all_steps=cache.all_steps)
                demand = finder.find_cached(steps, self._outputs.cache_packing)
        return demand

    def _preflight(self, plan: Plan, demand: Demand) -> tuple[Plan, Mapping[Platform, Support]]:
        """Prove that targets may be pushed to, and make the programs of platforms run."""
        if not (demand or self._request.outputs or self._request.cache_to):
            return plan, {}
        from trimaran.build import preflight  # noqa: PLC0415 - slow to load

        preflight.check_push(self._request, self._machine.open_repository)
        preflight.check_daemon(self._request, self._machine.docker_host)
        if not demand and not self._outputs.want_roots:
            return plan, {}
        machine = self._machine
        supports, gaps = preflight.prepare_what_runs(
            demand.run_platforms, machine.search_path, machine.emulators
        )
        if gaps:
            error = preflight.together(gaps.values())
            plan = self._without(
                plan, error, lambda own: [gaps[p] for p in own.run_platforms if p in gaps]
            )
        return plan, supports

    def _execute(self, execution: Execution, demand: Demand) -> Plan:
        """Do what is demanded; gives the plan of the platforms for which all of it was done."""
        from trimaran.build.work import task_keys  # noqa: PLC0415 - slow to load

        failures = execution.do(demand, keep_going=self._outcomes.keep_going)
        if not failures:
            return execution.plan

        def causes_in(own: Demand) -> Sequence[TrimaranError]:
            """What is demanded of a platform still, it lacks because of what failed in it."""
            keys = task_keys(own)
            return [failure for key, failure in failures.items() if key in keys]

        return self._without(execution.plan, next(iter(failures.values())), causes_in)

    def _without(
        self,
        plan: Plan,
        error: TrimaranError,
        causes_in: Callable[[Demand], Sequence[TrimaranError]],
    ) -> Plan:
        """The plan without the platforms whose own demand holds a cause to fail.

        Raises:
            TrimaranError: `error`, where the build does not keep going.
            PlatformsError: no platform is left.
        """
        causes = {name: causes_in(self._demand(plan.only({name}))) for name in plan.images}
        self._outcomes.lose(causes, error)
        return plan.only(self._outcomes.left)

    def _finish(
        self, plan: Plan, dockerfile: Dockerfile, folders: Folders, attestor: Attestor | None
    ) -> Built:
        self._store.sync()
        exporter = self._exporter(plan, folders)
        results = self._assemble(plan, exporter, attestor)
        for shape in self._outputs.pushed:
            honest = self._verify(plan, results[shape], dockerfile)
            if honest is not plan:
                plan, results = honest, self._assemble(honest, exporter, attestor)
        failed = self._outcomes.conclude(allow_missing=self._request.allow_missing)
        self._replace(plan)
        self._write(plan, results, attestor)
        if exporter:
            msgspec.structs.replace(exporter, plan=plan).write(self._request.cache_to)
        result = next(iter(results.values()), None)
        if result:
            report(self._request, result, time.time() - self._started, self._emit)
        return Built(result, failed)

    def _attestor(
        self, plan: Plan, dockerfile: Dockerfile, folders: Folders, resolver: Resolver
    ) -> Attestor | None:
        """What is stated of the images."""
        if not self._request.is_attested:
            return None
        from trimaran.build.attesting import make_attestor  # noqa: PLC0415 - slow to load

        return make_attestor(
            self._request,
            self._machine,
            plan,
            dockerfile.source,
            resolver.chosen,
            folders=folders,
            started=self._started,
            emit=self._emit,
        )

    def _exporter(self, plan: Plan, folders: Folders) -> Exporter | None:
        """What writes the caches that are wanted."""
        if not self._request.cache_to:
            return None
        from trimaran.build.cache_exports import Exporter  # noqa: PLC0415 - slow to load

        return Exporter(
            plan,
            identities(plan.targets, folders.digest),
            self._store,
            self._results,
            self._imports,
            self._outputs.cache_packing,
            self._machine.open_repository,
            self._emit,
        )

    def _assemble(
        self, plan: Plan, exporter: Exporter | None, attestor: Attestor | None
    ) -> dict[Shape, BuiltIndex]:
        """The images in every shape that is wanted, that of the result first."""
        inline = any(cache.place is None for cache in self._request.cache_to)
        made: dict[Shape, BuiltIndex] = {}
        for shape in self._outputs.shapes:
            told = exporter.packed(shape.packing).inline if exporter and inline else None
            epoch = self._request.source_date_epoch
            names = self._outputs.names(shape)
            attest = attestor.writer(self._store, names) if attestor else None
            assembler = Assembler(plan, self._store, self._results, shape, epoch, told, attest)
            made[shape] = assembler.assemble()
        return made

    def _replace(self, plan: Plan) -> None:
        """Let later builds take what was run anew, without what a failed platform left undone."""
        made = {plan.identity(step) for step in walk(plan.ends)}
        for identity, newer in plan.replaces.items():
            if newer in made:
                self._results.replace(identity, newer)

    def _verify(self, plan: Plan, result: BuiltIndex, dockerfile: Dockerfile) -> Plan:
        """Refuse to publish what would not run where its name says; gives the plan of the rest."""
        from trimaran.audit.allowances import Allowance  # noqa: PLC0415 - slow to load
        from trimaran.build.verifying import Gate, RefusedError, by_dockerfile  # noqa: PLC0415

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
        try:
            gate.check(StoreImages(self._store), result.descriptor, name, explain)
        except RefusedError as error:
            found = {each: error.causes.get(str(each)) for each in plan.images}
            self._outcomes.lose({each: [cause] for each, cause in found.items() if cause}, error)
            return plan.only(self._outcomes.left)
        return plan

    def _write(
        self, plan: Plan, results: Mapping[Shape, BuiltIndex], attestor: Attestor | None
    ) -> None:
        """Write the outputs; without any, give the names of the local store to the result."""
        if self._request.outputs:
            from trimaran.build.writing import Writer  # noqa: PLC0415 - slow to load

            writer = Writer(self._request, self._outputs, self._machine, self._emit, attestor)
            writer.write(plan, results)
            return
        for result in results.values():
            for tag, descriptor in named(self._request, self._request.tags, result):
                self._store.tag(tag, descriptor)

"""One build, from the request to the published result: the place that joins the rooms.

What a cached build does without is loaded where it is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from trimaran import platforms
from trimaran.build.cache_imports import Imports
from trimaran.build.checking import find
from trimaran.build.contexts import Folders
from trimaran.build.demand import Demand, DemandFinder
from trimaran.build.epoch import dated
from trimaran.build.finishing import Built, Finisher
from trimaran.build.lending import check_lent
from trimaran.build.machine import Machine
from trimaran.build.opening import opened
from trimaran.build.outcomes import Outcomes
from trimaran.build.outputs import Outputs
from trimaran.build.plan import Plan, make_plan
from trimaran.build.resolve import Resolver
from trimaran.build.results import Results
from trimaran.build.telling import announce
from trimaran.dockerfile.instructions import Dockerfile
from trimaran.dockerfile.parse import parse
from trimaran.errors import TrimaranError
from trimaran.events import Emit, Notice
from trimaran.images.local import StoreImages
from trimaran.platforms import Platform
from trimaran.request import BuildRequest

if TYPE_CHECKING:
    from trimaran.build.attesting import Attestor
    from trimaran.build.execution import Execution
    from trimaran.emulation.support import Support


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
        if attestor and attestor.failed:
            causes = {platform: [error] for platform, error in attestor.failed.items()}
            self._outcomes.lose(causes, next(iter(attestor.failed.values())))
            plan = plan.only(self._outcomes.left)
        finisher = Finisher(
            self._request,
            self._machine,
            self._outputs,
            self._outcomes,
            self._imports,
            dockerfile,
            folders,
            attestor,
            self._started,
            self._emit,
        )
        return finisher.finish(plan)

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

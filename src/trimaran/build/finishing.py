"""The end of a build: images made of its layers, audited, and brought where they are wanted.

What a cached build does without is loaded where it is needed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from trimaran.build.arch_tags import named
from trimaran.build.assemble import Assembler, BuiltIndex
from trimaran.build.cache_imports import Imports
from trimaran.build.contexts import Folders
from trimaran.build.machine import Machine
from trimaran.build.outcomes import Outcomes
from trimaran.build.outputs import Outputs, Shape
from trimaran.build.plan import Plan
from trimaran.build.results import Results
from trimaran.build.telling import report
from trimaran.dockerfile.instructions import Dockerfile
from trimaran.errors import PlatformsError
from trimaran.events import Emit
from trimaran.graph.identity import identities
from trimaran.graph.steps import walk
from trimaran.images.local import StoreImages
from trimaran.request import BuildRequest

if TYPE_CHECKING:
    from trimaran.build.attesting import Attestor
    from trimaran.build.cache_exports import Exporter


class Built(msgspec.Struct, frozen=True):
    """What a build led to.

    Attributes:
        index: the images in the store; None if all outputs are plain file systems.
        failed: what is missing with the request's leave; None if nothing is.
    """

    index: BuiltIndex | None
    failed: PlatformsError | None = None


class Finisher(msgspec.Struct, frozen=True):
    """Finishes one build, all of whose layers are in the store.

    Attributes:
        outcomes: knows the platforms that are left.
        attestor: makes statements of the images; None for none.
        started: when the build began, in seconds since the epoch.
    """

    request: BuildRequest
    machine: Machine
    outputs: Outputs
    outcomes: Outcomes
    imports: Imports
    dockerfile: Dockerfile
    folders: Folders
    attestor: Attestor | None
    started: float
    emit: Emit

    def finish(self, plan: Plan) -> Built:
        """Assemble, audit, write and name the images.

        Raises:
            RefusedError, PlatformsError: the audit refuses what would be pushed.
            TrimaranError: an output cannot be written.
        """
        self.machine.store.sync()
        exporter = self._exporter(plan)
        results = self._assemble(plan, exporter)
        for shape in self.outputs.pushed:
            honest = self._verify(plan, results[shape])
            if honest is not plan:
                plan, results = honest, self._assemble(honest, exporter)
        failed = self.outcomes.conclude(allow_missing=self.request.allow_missing)
        self._replace(plan)
        self._write(plan, results)
        if exporter:
            msgspec.structs.replace(exporter, plan=plan).write(self.request.cache_to)
        result = next(iter(results.values()), None)
        if result:
            report(self.request, result, time.time() - self.started, self.emit)
        return Built(result, failed)

    def _exporter(self, plan: Plan) -> Exporter | None:
        """What writes the caches that are wanted."""
        if not self.request.cache_to:
            return None
        from trimaran.build.cache_exports import Exporter  # noqa: PLC0415 - slow to load

        return Exporter(
            plan,
            identities(plan.targets, self.folders.digest),
            self.machine.store,
            Results(self.machine.store),
            self.imports,
            self.outputs.cache_packing,
            self.machine.open_repository,
            self.emit,
        )

    def _assemble(self, plan: Plan, exporter: Exporter | None) -> dict[Shape, BuiltIndex]:
        """The images in every shape that is wanted, that of the result first."""
        inline = any(cache.place is None for cache in self.request.cache_to)
        store = self.machine.store
        made: dict[Shape, BuiltIndex] = {}
        for shape in self.outputs.shapes:
            told = exporter.packed(shape.packing).inline if exporter and inline else None
            epoch = self.request.source_date_epoch
            names = self.outputs.names(shape)
            attest = self.attestor.writer(store, names) if self.attestor else None
            assembler = Assembler(plan, store, Results(store), shape, epoch, told, attest)
            made[shape] = assembler.assemble()
        return made

    def _replace(self, plan: Plan) -> None:
        """Let later builds take what was run anew, without what a failed platform left undone."""
        made = {plan.identity(step) for step in walk(plan.ends)}
        for identity, newer in plan.replaces.items():
            if newer in made:
                Results(self.machine.store).replace(identity, newer)

    def _verify(self, plan: Plan, result: BuiltIndex) -> Plan:
        """Refuse to publish what would not run where its name says; gives the plan of the rest."""
        from trimaran.audit.allowances import Allowance  # noqa: PLC0415 - slow to load
        from trimaran.build.verifying import Gate, RefusedError, by_dockerfile  # noqa: PLC0415

        request = self.request
        gate = Gate(
            self.machine.store,
            self.emit,
            tuple(Allowance(*pair) for pair in request.allowed.items()),
            self.machine.cores,
            request.verify,
        )
        name = ", ".join(tag.familiar for tag in request.tags)
        explain = by_dockerfile(self.dockerfile, request.target)
        try:
            gate.check(StoreImages(self.machine.store), result.descriptor, name, explain)
        except RefusedError as error:
            found = {each: error.causes.get(str(each)) for each in plan.images}
            self.outcomes.lose({each: [cause] for each, cause in found.items() if cause}, error)
            return plan.only(self.outcomes.left)
        return plan

    def _write(self, plan: Plan, results: Mapping[Shape, BuiltIndex]) -> None:
        """Write the outputs; without any, give the names of the local store to the result."""
        if self.request.outputs:
            from trimaran.build.writing import Writer  # noqa: PLC0415 - slow to load

            writer = Writer(self.request, self.outputs, self.machine, self.emit, self.attestor)
            writer.write(plan, results)
            return
        for result in results.values():
            for tag, descriptor in named(self.request, self.request.tags, result):
                self.machine.store.tag(tag, descriptor)

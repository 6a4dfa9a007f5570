"""What the store lacks of a plan, and so must be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from trimaran.build.cache_imports import Imported, Imports
from trimaran.build.plan import Plan
from trimaran.build.results import Packing, Results
from trimaran.graph.steps import Extract, Run, Step, chain, inputs
from trimaran.oci.models import Descriptor
from trimaran.platforms import Platform
from trimaran.store.store import Store


class Demand(msgspec.Struct):
    """What must be done, by identity, inputs first.

    Attributes:
        roots: steps whose file systems are not in the store but are needed; an imported one is the
            extraction of its layer.
        layers: steps whose layers must be written, and how, by `Packing.key`.
        adopted: steps whose imported layers are taken as they are.
        blobs: base layers that must be fetched, by digest.
    """

    roots: dict[str, Step] = msgspec.field(default_factory=dict)
    layers: dict[str, tuple[Step, Packing]] = msgspec.field(default_factory=dict)
    blobs: dict[str, Descriptor] = msgspec.field(default_factory=dict)
    adopted: dict[str, tuple[Step, Imported]] = msgspec.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.roots or self.layers or self.blobs or self.adopted)

    @property
    def run_platforms(self) -> tuple[Platform, ...]:
        """The platforms whose programs must run."""
        runs = (step for step in self.roots.values() if isinstance(step, Run))
        return tuple(dict.fromkeys(run.platform for run in runs))


class DemandFinder(msgspec.Struct, frozen=True):
    """Finds what the store lacks for a plan's images."""

    plan: Plan
    store: Store
    results: Results
    imports: Imports
    demand: Demand = msgspec.field(default_factory=Demand)

    def find(self, packings: Collection[Packing], *, want_roots: bool) -> Demand:
        """Everything that must be done.

        Args:
            packings: how layers are to be written; none if no output holds layers.
            want_roots: whether an output needs the root file systems themselves.
        """
        for test in self.plan.tests:
            self._need_root(test)
        for target in self.plan.targets:
            for step in chain(target):
                for packing in packings:
                    self._need_layer(step, packing)
                if want_roots:
                    self._need_root(step)
        return self.demand

    def find_scanned(self) -> Demand:
        """The same, and the file systems of stages that an SBOM generator is to look at."""
        for image in self.plan.images.values():
            for stage in image.scanned.values():
                for step in chain(stage):
                    self._need_root(step)
        return self.demand

    def find_cached(self, steps: Iterable[Step], packing: Packing) -> Demand:
        """The same, and the layers of steps that caches are to hold.

        A layer that another cache has is passed on from there.
        """
        for step in steps:
            if self.imports.find(self.plan.identity(step)) is None:
                self._need_layer(step, packing)
        return self.demand

    def _need_layer(self, step: Step, packing: Packing) -> None:
        identity = self.plan.identity(step)
        if packing.makes(step):
            if self.results.layer(identity, packing) is not None:
                return
            imported = self.imports.find(identity)
            if imported and imported.entry.packing.key(identity) == packing.key(identity):
                self._need_blob(imported.entry.layer.descriptor)
                self.demand.adopted[identity] = (step, imported)
                return
            self.demand.layers[packing.key(identity)] = (step, packing)
        if isinstance(step, Extract):
            self._need_blob(step.layer)
        else:
            self._need_root(step)

    def _need_blob(self, layer: Descriptor) -> None:
        if not self.store.has_blob(layer.digest):
            self.demand.blobs[layer.digest] = layer

    def _need_root(self, target: Step) -> None:
        """Ask for a step's own snapshot, and for all that making it needs, inputs first."""
        stack: list[tuple[Step, bool]] = [(target, False)]
        while stack:
            step, ready = stack.pop()
            identity = self.plan.identity(step)
            if identity in self.demand.roots:
                continue
            if ready:
                self.demand.roots[identity] = self._made(step)
            elif self.store.snapshot(identity) is None:
                made = self._made(step)
                needed = [link for need in inputs(made) for link in chain(need)]
                stack.append((step, True))
                stack.extend((need, False) for need in reversed(needed))
                if isinstance(made, Extract):
                    self._need_blob(made.layer)

    def _made(self, step: Step) -> Step:
        """The step itself, or the extraction of the layer that a cache has of it."""
        imported = self.imports.find(self.plan.identity(step))
        return imported.extraction(step) if imported else step

"""Where native stand-ins come from: the base image's native sibling, and compilers on top of it.

Both are ordinary steps of this machine's own platform. The store keeps them as it keeps any step's
result, so that a kit is made once for a base.
"""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from trimaran import platforms
from trimaran.build.cache_imports import Imports
from trimaran.build.demand import DemandFinder
from trimaran.build.plan import Plan
from trimaran.build.resolve import Resolver
from trimaran.build.results import Results
from trimaran.build.work import Worker
from trimaran.dockerfile.labels import StepLabel
from trimaran.dockerfile.lower import BaseImage, BaseKey, Lowered
from trimaran.errors import ImageError
from trimaran.executor import merging
from trimaran.graph.identity import identities
from trimaran.graph.steps import Copy, Run, Step, chain
from trimaran.scheduler.runner import run

_INSTALL = """set -e
if ! command -v apt-get >/dev/null; then
    for package in {packages}; do apk add --no-cache "$package" || true; done
    exit
fi
apt-get -qq update
for package in {packages}; do
    if apt-cache show "$package" >/dev/null 2>&1; then set -- "$@" "$package"; fi
done
apt-get -qq install --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
"""
"""What a release does not have is left out: its programs are emulated."""


class KitMaker(msgspec.Struct, frozen=True):
    """Makes kits.

    Attributes:
        resolver: of the build, so that a kit's base is of the same index as the build's.
        worker: does steps.
        stop: ends what is under way.
    """

    resolver: Resolver
    worker: Worker
    imports: Imports
    stop: threading.Event

    def sibling(self, name: str) -> BaseImage:
        """A base image for this machine's platform.

        Raises:
            ImageError: there is none, or it is empty.
            RegistryError: a registry that alone was asked does not answer.
        """
        key = BaseKey(name, platforms.host())
        found, gaps = self.resolver.resolve_all((key,))
        if gaps:
            raise gaps[key]
        if found[key].step is None:
            raise ImageError(f"{name} is empty")
        return found[key]

    def base(self, image: BaseImage, name: str) -> tuple[Path, ...]:
        """The folders of a sibling's file system, base first.

        Args:
            image: from `sibling`.
            name: what people call it.

        Raises:
            TrimaranError: it cannot be had.
            Stopped: `stop` was set.
        """
        return self._made(image, image.step, f"native sibling of {name}")

    def compilers(
        self, image: BaseImage, packages: tuple[str, ...], platform: str
    ) -> tuple[Path, ...]:
        """The same, with packages installed on top, to compile for `platform`.

        Raises:
            StepError: they cannot be installed.
            TrimaranError, Stopped: as `base`.
        """
        script = _INSTALL.format(packages=" ".join(packages))
        step = Run(
            image.step,
            ("/bin/sh", "-c", script, "sh"),
            ("DEBIAN_FRONTEND=noninteractive",),
            "/",
            "",
            platforms.host(),
        )
        return self._made(image, step, f"compilers for {platform}")

    def _made(self, image: BaseImage, step: Step | None, text: str) -> tuple[Path, ...]:
        known = identities(chain(step)[-1:], _no_files)
        host = platforms.host()
        labels = {id(link): StepLabel(f"[stand-ins] {text}", host, (1, 1)) for link in chain(step)}
        plan = Plan({host: Lowered(step, image.config, labels)}, known, {}, wanted=(host,))
        store = self.worker.store
        finder = DemandFinder(plan, store, Results(store), self.imports)
        demand = finder.find((), want_roots=True)
        worker = msgspec.structs.replace(self.worker, plan=plan, origins=self.resolver.origins)
        run(worker.tasks(demand), heavy_slots=1, stop=self.stop)
        return merging.folders(store, [known[id(link)] for link in chain(step)])


def _no_files(step: Copy) -> str:
    raise AssertionError(step)

"""Where native stand-ins come from: the base image's native sibling, and compilers on top of it.

Both are ordinary steps of this machine's own platform. The store keeps them as it keeps any step's
result, so that a kit is made once for a base.
"""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from trimaran import platforms
from trimaran.build.cache_imports import Imports
from trimaran.build.demand import DemandFinder
from trimaran.build.plan import Plan
from trimaran.build.resolve import Resolver
from trimaran.build.results import Results, StepResult
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
    {upgrade_apk}for package in {packages}; do apk add --no-cache "$package" || true; done
    exit
fi
apt-get -qq update
{upgrade}for package in {packages}; do
    if [ -n "$(apt-cache show "$package" 2>/dev/null)" ]; then set -- "$@" "$package"; fi
done
apt-get -qq install --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
"""
"""What a release does not have is left out: its programs are emulated.

Of a package that others only name, apt-cache says nothing, and ends well.
"""
_UPGRADE = "apt-get -qq upgrade -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold\n"
_UPGRADE_APK = "apk upgrade --no-cache || true\n    "
_KIND = "kit"
_FRESH = timedelta(days=1)
"""A kit that is younger is what the distribution has: another one would be the same."""


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

    def with_packages(self, image: BaseImage, packages: tuple[str, ...], *, upgrade: bool) -> Run:
        """The step that installs packages on a sibling, and upgrades it before if that is asked."""
        script = _INSTALL.format(
            packages=" ".join(packages),
            upgrade=_UPGRADE if upgrade else "",
            upgrade_apk=_UPGRADE_APK if upgrade else "",
        )
        return Run(
            image.step,
            ("/bin/sh", "-c", script, "sh"),
            ("DEBIAN_FRONTEND=noninteractive",),
            "/",
            "",
            platforms.host(),
        )

    def installed(self, image: BaseImage, step: Run, text: str) -> tuple[Path, ...]:
        """The same as `base`, with packages installed on top.

        Args:
            image: from `sibling`.
            step: from `with_packages`.
            text: what people call it.

        Raises:
            StepError: they cannot be installed.
            TrimaranError, Stopped: as `base`.
        """
        return self._made(image, step, text)

    def renew(self, step: Run, newer: frozenset[str]) -> bool:
        """Have the next build make a kit anew, if it may help.

        It may not for a kit that was made just now, nor a second time for the same packages: what a
        distribution does not have in that version is not waited for.

        Args:
            step: from `with_packages`.
            newer: packages with their versions that an image has, where the kit's are older.

        Raises:
            StoreError: this cannot be written down.
        """
        results, own = self._results, identities((step,), _no_files)[id(step)]
        result = results.step(results.replacement(own))
        known = self.worker.store.record(_KIND, own)
        tried = frozenset(msgspec.json.decode(known, type=list[str])) if known else frozenset()
        if result is None or _age(result) < _FRESH or newer <= tried:
            return False
        self.worker.store.put_record(_KIND, own, msgspec.json.encode(sorted(tried | newer)))
        results.replace(own, f"{own[:48]}{secrets.token_hex(8)}")
        return True

    @property
    def _results(self) -> Results:
        return Results(self.worker.store)

    def _made(self, image: BaseImage, step: Step | None, text: str) -> tuple[Path, ...]:
        known = identities(chain(step)[-1:], _no_files, self._standing)
        host = platforms.host()
        labels = {id(link): StepLabel(f"[stand-ins] {text}", host, (1, 1)) for link in chain(step)}
        plan = Plan({host: Lowered(step, image.config, labels)}, known, {}, wanted=(host,))
        store = self.worker.store
        finder = DemandFinder(plan, store, self._results, self.imports)
        demand = finder.find((), want_roots=True)
        worker = msgspec.structs.replace(self.worker, plan=plan, origins=self.resolver.origins)
        run(worker.tasks(demand), heavy_slots=1, stop=self.stop)
        return merging.folders(store, [known[id(link)] for link in chain(step)])

    def _standing(self, step: Step, identity: str) -> str:
        return self._results.replacement(identity) if isinstance(step, Run) else identity


def _age(result: StepResult) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(result.created)


def _no_files(step: Copy) -> str:
    raise AssertionError(step)

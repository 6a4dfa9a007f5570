"""The kits of one base image on one platform, made in threads while steps run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from trimaran.accelerator import compilers, databases
from trimaran.accelerator.kits import Kit
from trimaran.accelerator.trees import Tree
from trimaran.build.kits import KitMaker
from trimaran.dockerfile.lower import BaseImage
from trimaran.errors import StoreError, TrimaranError
from trimaran.executor.stand_ins import StandIns
from trimaran.graph.steps import Run
from trimaran.platforms import Platform
from trimaran.scheduler.tasks import Stopped

BASE, COMPILER = "base", "compiler"


@dataclass
class BaseKits:
    """Made once each.

    Attributes:
        maker: makes them.
        stand_ins: where containers see them.
        name: of the base image.
        platform: whose programs are emulated.
        texts: what its RUN steps do, to see whether they compile.
        warn: takes what cannot be had, and why.
    """

    maker: KitMaker
    stand_ins: StandIns
    name: str
    platform: Platform
    texts: tuple[str, ...]
    warn: Callable[[str, str], None]
    _installed: Run | None = None
    _futures: dict[str, Future[Kit | None]] = field(default_factory=dict)

    def begin(self, threads: ThreadPoolExecutor) -> None:
        """Begin with what will be asked for."""
        self._futures[BASE] = threads.submit(self._guarded, self._make_base)
        self._futures[COMPILER] = threads.submit(self._guarded, self._make_compilers)

    def get(self, name: str) -> Kit | None:
        """A kit, once it is made; None if there is none."""
        future = self._futures.get(name)
        with suppress(CancelledError):
            return future.result() if future else None
        return None

    def renew(self, newer: frozenset[str]) -> bool:
        """Have the next build make the kit anew whose packages are older than the image's.

        The base's own kit is what the sibling brings, and stays so.

        Args:
            newer: as for `KitMaker.renew`.
        """
        try:
            return self._installed is not None and self.maker.renew(self._installed, newer)
        except StoreError as error:  # the build itself is done, and well
            self.warn("old native stand-ins stay", error.message)
            return False

    def _guarded(self, make: Callable[[], Kit | None]) -> Kit | None:
        try:
            return make()
        except Stopped:
            return None
        except TrimaranError as error:
            self.warn(f"no native stand-ins for {self.name} on {self.platform}", error.message)
            return None

    @cached_property
    def _sibling(self) -> BaseImage:
        """Asked for once: the compilers' kit is begun when the base's is there."""
        return self.maker.sibling(self.name)

    def _make_base(self) -> Kit:
        lowers = self.maker.base(self._sibling, self.name)
        return Kit(BASE, self.stand_ins.show(BASE, lowers))

    @property
    def _upgrades(self) -> bool:
        """Then what the base has is of other versions than the sibling's."""
        return any(map(compilers.upgrades, self.texts))

    def _make_compilers(self) -> Kit | None:
        packages = self._packages()
        if self.get(BASE) is None or not (packages or self._upgrades):
            return None
        step = self.maker.with_packages(self._sibling, packages, upgrade=self._upgrades)
        text = f"{'tools' if packages else 'upgrades'} for {self.platform}"
        lowers = self.maker.installed(self._sibling, step, text)
        self._installed = step
        return Kit(COMPILER, self.stand_ins.show(COMPILER, lowers))

    def _packages(self) -> tuple[str, ...]:
        base, machine = self.get(BASE), self.platform.machine
        if base is None or machine is None:
            return ()
        with Tree(base.root) as tree:
            database = databases.read_still(tree)
            return compilers.packages(machine, database, self.texts) if database else ()

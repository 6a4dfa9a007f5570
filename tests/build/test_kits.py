"""When a kit is made anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from trimaran.build.assemble import timestamp
from trimaran.build.cache_imports import Imports
from trimaran.build.kits import KitMaker
from trimaran.build.resolve import Resolver
from trimaran.build.results import Results, StepResult
from trimaran.build.work import Worker
from trimaran.dockerfile.lower import BaseImage
from trimaran.graph.identity import identities
from trimaran.graph.steps import Extract, Run
from trimaran.oci.models import Descriptor
from trimaran.store.store import Store

DAY_S = 86400.0
GIT, CURL = "git 1:2.47.3-0+deb13u1", "curl 8.14.1-2+deb13u7"
LAYER = Extract(None, Descriptor("layer", "sha256:" + "a" * 64, 1), "sha256:" + "b" * 64, "debian")
BASE = cast("BaseImage", SimpleNamespace(step=LAYER))


class Kits:
    """The kits of a store that nobody makes here: only what is written down of them."""

    def __init__(self, store: Store) -> None:
        worker = cast("Worker", SimpleNamespace(store=store))
        none = cast("Resolver", None), worker, cast("Imports", None)
        self.maker = KitMaker(*none, threading.Event())
        self.results = Results(store)

    def step(self, *, upgrade: bool = False) -> Run:
        return self.maker.with_packages(BASE, ("git",), upgrade=upgrade)

    def standing(self, step: Run) -> str:
        return self.results.replacement(identities((step,), lambda _: "")[id(step)])

    def make(self, step: Run, age_s: float) -> str:
        identity = self.standing(step)
        result = StepResult(timestamp(time.time() - age_s), 60.0, "native")
        self.results.put_step(identity, result)
        return identity


@pytest.fixture
def kits(tmp_path: Path) -> Iterator[Kits]:
    with Store.open(tmp_path / "store") as store:
        yield Kits(store)


def test_an_old_kit_is_made_anew_once_for_what_is_newer(kits: Kits) -> None:
    first = kits.make(kits.step(), 3 * DAY_S)

    assert kits.maker.renew(kits.step(), frozenset({GIT}))
    second = kits.standing(kits.step())
    assert second != first
    assert kits.results.step(second) is None  # so that the next build makes it

    # It was made and has no newer git either: bookworm's cross compilers never will.
    kits.make(kits.step(), 2 * DAY_S)
    assert not kits.maker.renew(kits.step(), frozenset({GIT}))
    assert kits.standing(kits.step()) == second

    assert kits.maker.renew(kits.step(), frozenset({GIT, CURL}))
    assert kits.standing(kits.step()) not in (first, second)


def test_a_kit_of_today_is_what_the_distribution_has(kits: Kits) -> None:
    first = kits.make(kits.step(), DAY_S / 2)

    assert not kits.maker.renew(kits.step(), frozenset({GIT}))
    assert kits.standing(kits.step()) == first
    kits.make(kits.step(), 2 * DAY_S)
    assert kits.maker.renew(kits.step(), frozenset({GIT}))


def test_one_that_was_never_made_is_not_made_anew(kits: Kits) -> None:
    assert not kits.maker.renew(kits.step(), frozenset({GIT}))


def test_each_kit_has_its_own_age(kits: Kits) -> None:
    old, other = kits.step(), kits.step(upgrade=True)
    kits.make(old, 2 * DAY_S)
    before = kits.make(other, 2 * DAY_S)

    assert before != kits.standing(old)
    assert kits.maker.renew(old, frozenset({GIT}))
    assert kits.standing(other) == before


def test_a_kit_is_upgraded_where_its_image_is(kits: Kits) -> None:
    plain, upgraded = (" ".join(kits.step(upgrade=one).arguments) for one in (False, True))

    assert "upgrade" not in plain
    lines = upgraded.splitlines()
    update, upgrade, install = (
        next(number for number, line in enumerate(lines) if line.startswith(f"apt-get -qq {word}"))
        for word in ("update", "upgrade", "install")
    )
    assert update < upgrade < install

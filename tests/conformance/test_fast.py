"""The fast third, beside the BuildKit of this machine's docker; each for one of two platforms."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from zlib import crc32

import pytest
from tests.conformance.builders import Docker, Trimaran
from tests.conformance.case import PLATFORMS
from tests.conformance.cases.gather import CASES
from tests.conformance.run import Verdicts, judged
from tests.support.dockerd import serve_docker
from tests.support.users import ordinary_folder
from tests.support.workshop import workshop

pytestmark = pytest.mark.real
FAST = {
    name: dataclasses.replace(case, platforms=(PLATFORMS[crc32(name.encode()) % 2],))
    for name, case in CASES.items()
    if case.fast
}


@pytest.fixture(scope="module")
def verdicts() -> Iterator[Verdicts]:
    with ordinary_folder() as folder, serve_docker(folder) as daemon, workshop() as shop:
        builders = Trimaran(shop, ()), Docker(daemon)
        with judged(FAST.values(), *builders, shop.folder / "contexts") as found:
            yield found


@pytest.mark.parametrize("name", FAST)
def test_both_give_the_same(name: str, verdicts: Verdicts) -> None:
    found = verdicts[name].result().lines
    assert not found, "\n".join(["", CASES[name].dockerfile, *found])

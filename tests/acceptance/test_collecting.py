"""`du` and `prune`: what they show and remove, beside builds, and when they are killed."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support.workshop import Workshop, labels

pytestmark = pytest.mark.real

TWO = "linux/amd64,linux/arm64"
ROUNDS = 4
BUILDERS = 3
SECONDS_OF_A_PRUNE = 0.8
DOCKERFILE = """\
FROM busybox AS tools
RUN --mount=type=cache,target=/kept echo tools >> /kept/log && \\
    dd if=/dev/zero of=/tool bs=100k count=4
FROM tools AS build
ARG ROUND=0
COPY files/ /files/
RUN --mount=type=cache,target=/kept echo $ROUND >> /kept/log; echo $ROUND > /round
FROM busybox
WORKDIR /app
COPY --from=build /round /files/ /app/
RUN --mount=type=bind,from=tools,source=/tool,target=/tool test -s /tool && uname -m > machine
CMD ["cat", "round", "machine"]
"""


@pytest.fixture
def stocked(shop: Workshop) -> Workshop:
    """A workshop with a context, and nothing built."""
    shop.context(DOCKERFILE)
    shop.write("context/files/a", "a" * 5000)
    return shop


def build(shop: Workshop, *words: str) -> list[str]:
    """Build the context; gives the instructions that were carried out."""
    events = shop.events("--platform", TWO, *words, shop.folder / "context")
    return sorted({label.partition("] ")[2] for label in labels(events, "step-started")})


def units(shop: Workshop, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shop.ok("du", "--json", *words).stdout)
    return found


def pruned(shop: Workshop, *words: str) -> set[str]:
    """The descriptions of what a prune removed."""
    removed = json.loads(shop.ok("prune", "--json", *words).stdout)
    return {each["description"].partition("] ")[2] or each["description"] for each in removed}


def outputs(shop: Workshop, name: str) -> list[str]:
    runs = [shop.ok("run", "--platform", each, name) for each in TWO.split(",")]
    return [run.stdout for run in runs]


def test_what_the_store_holds(stocked: Workshop) -> None:
    shop = stocked
    assert shop.ok("du").stdout == "Reclaimable:    0 B\nTotal:          0 B\n"
    build(shop, "-t", "app")
    table = shop.ok("du").stdout.splitlines()
    assert table[0].split("  ")[0] == "ID"
    assert [line.split(":")[0] for line in table[-2:]] == ["Reclaimable", "Total"]
    found = units(shop)
    assert len(table) == len(found) + 3
    by_type: dict[str, list[dict[str, Any]]] = {}
    for unit in found:
        by_type.setdefault(unit["type"], []).append(unit)
    texts = {unit["description"] for unit in by_type["regular"]}
    assert "[linux/arm64 build 1/2] COPY files/ /files/" in texts
    assert {"cache /kept"} >= {unit["description"][:11] for unit in by_type["exec.cachemount"]}
    assert all(unit["mutable"] and unit["reclaimable"] for unit in by_type["exec.cachemount"])
    # What the name needs is shown, and cannot be had.
    assert {unit["description"] for unit in by_type["blob"] if unit["shared"]} == {"of app:latest"}
    assert not any(unit["reclaimable"] for unit in by_type["blob"] if unit["shared"])
    one = shop.ok(
        "du", "--verbose", "--filter", "description~=amd64 .*COPY files", "--filter", "type!=blob"
    )
    assert one.stdout.count("Type:           regular") == 1
    assert "Total:" not in one.stdout
    refused = shop.run("du", "--filter", "until=soon")
    assert refused.returncode == 2
    assert "--filter until=soon: 'soon' is not a duration" in refused.stderr


def test_what_a_prune_removes(stocked: Workshop) -> None:
    shop = stocked
    build(shop, "-t", "app")
    expected = outputs(shop, "app")
    assert pruned(shop, "--filter", "until=1h") == set()
    assert pruned(shop, "--max-used-space", "1gb") == set()
    # What something else was made on stays with that.
    assert pruned(shop, "--filter", "description~=FROM busybox") == set()
    removed = pruned(shop, "--filter", "type=exec.cachemount")
    assert {text[:11] for text in removed} == {"cache /kept"}
    assert build(shop, "-t", "app") == []
    # The oldest goes first, and no more than is asked for.
    build(shop, "-t", "app", "--build-arg", "ROUND=1")
    everything = units(shop)
    total = sum(unit["sizeBytes"] for unit in everything if not unit["shared"])
    shop.ok("prune", "--keep-storage", str(total - 1))
    assert 0 < len(everything) - len(units(shop)) < 4
    assert build(shop, "-t", "app", "--build-arg", "ROUND=1") == []
    pruned(shop)
    assert {unit["shared"] for unit in units(shop)} == {True}
    assert outputs(shop, "app") == [f"1\n{line}" for line in ("x86_64\n", "aarch64\n")]
    assert expected == [f"0\n{line}" for line in ("x86_64\n", "aarch64\n")]
    assert len(build(shop, "-t", "app")) == 6
    shop.ok("rmi", "app")
    shop.ok("prune", "-a")
    assert units(shop, "-a") == []
    assert [path for path in shop.store_path.glob("blobs/sha256/*") if path.is_file()] == []


def test_an_older_result_does_not_come_back(stocked: Workshop) -> None:
    shop = stocked
    shop.context("FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /time\nRUN cp /time /copy\n")
    build(shop, "-t", "app")
    first = shop.ok("run", "app", "cat", "/copy").stdout
    build(shop, "-t", "app", "--no-cache")
    second = shop.ok("run", "app", "cat", "/copy").stdout
    assert first != second
    assert "internal" not in {unit["type"] for unit in units(shop)}
    notes = units(shop, "-a", "--filter", "type=internal")
    assert [unit["ID"].partition("/")[0] for unit in notes].count("replacement") == 4
    old = min(units(shop, "--filter", "description~=RUN cat"), key=lambda it: it["lastUsedAt"])
    shop.ok("prune", "-a", "--filter", "type=internal")
    assert build(shop, "-t", "app") == []
    assert shop.ok("run", "app", "cat", "/copy").stdout == second
    shop.ok("prune", "--filter", f"id={old['ID']}")
    assert build(shop, "-t", "app") == []


@contextmanager
def pruning(shop: Workshop, *words: str) -> Iterator[list[int]]:
    """Prune again and again meanwhile; gives how much each removed."""
    over = threading.Event()
    removed: list[int] = []

    def loop() -> None:
        while not over.is_set():
            removed.append(len(json.loads(shop.ok("prune", "--json", *words).stdout)))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(loop)
        try:
            yield removed
        finally:
            over.set()
            running.result()


def test_builds_beside_prunes_all_succeed(stocked: Workshop) -> None:
    shop = stocked

    def builder(number: int) -> None:
        name = f"app:{number}"
        for turn in range(ROUNDS):
            # Two equal ones in a row: the second finds what is left of the first.
            value = f"{number if turn % 4 < 2 else 'all'}.{turn // 2}"
            flags = ["--no-cache"] if turn % 3 == 2 else []
            build(shop, "-t", name, "--build-arg", f"ROUND={value}", *flags)
            seen = shop.ok("run", "--platform", "linux/amd64", name).stdout
            assert seen == f"{value}\nx86_64\n"

    with (
        pruning(shop, "--all") as all_of_it,
        pruning(shop, "--filter", "type!=exec.cachemount", "--max-used-space", "2m"),
        ThreadPoolExecutor(BUILDERS) as pool,
    ):
        for done in [pool.submit(builder, number) for number in range(BUILDERS)]:
            done.result()
    assert sum(all_of_it) > BUILDERS
    assert shop.damaged_blobs() == []
    for number in range(BUILDERS):
        shop.ok("verify", f"app:{number}")
        assert len(outputs(shop, f"app:{number}")) == 2
    shop.ok("rmi", *(f"app:{number}" for number in range(BUILDERS)))
    shop.ok("prune", "-a")
    assert units(shop, "-a") == []


def test_a_killed_prune_leaves_a_good_store(stocked: Workshop) -> None:
    shop = stocked
    seed = time.time_ns() % 1_000_000
    moments = random.Random(seed)  # noqa: S311 - the moments of a test
    killed = 0
    for turn in range(3):
        build(shop, "-t", "app", "--build-arg", f"ROUND={turn}")
        with shop.start("prune", "-a") as prune:
            # The first one has no time to end by itself, however fast the machine is.
            time.sleep(moments.uniform(0.0, SECONDS_OF_A_PRUNE) if turn else 0.05)
            prune.send_signal(signal.SIGKILL)
            killed += prune.wait() == -signal.SIGKILL
        assert outputs(shop, "app")[1] == f"{turn}\naarch64\n", f"seed {seed}, round {turn}"
    assert killed, f"seed {seed}"
    build(shop, "-t", "again")
    assert outputs(shop, "again")[0] == "0\nx86_64\n"
    assert shop.damaged_blobs() == []
    shop.ok("prune", "-a")
    assert os.listdir(shop.store_path / "tmp") == []

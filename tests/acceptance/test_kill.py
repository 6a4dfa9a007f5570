"""Builds that are killed, interrupted or run beside each other."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.processes import adopted, mounts_below
from tests.support.workshop import Workshop, workshop

pytestmark = pytest.mark.real

TWO = "linux/amd64,linux/arm64"
ROUNDS = 20
NEW_STORE_EVERY = 5
DOCKERFILE = """\
FROM --platform=$BUILDPLATFORM busybox AS files
RUN for i in $(seq 20); do dd if=/dev/urandom of=/f$i bs=10k count=1 2>/dev/null; done; mkdir /d
FROM busybox
ARG ROUND
COPY tree/ /tree/
RUN echo $ROUND > /round; sleep 0.1; (sleep 100 &) ; uname -m > /machine
COPY --from=files / /files/
RUN rm -r /files/d && dd if=/dev/zero of=/large bs=100k count=4 2>/dev/null
"""
SLOW = "FROM busybox\nRUN echo begins; setsid sleep 300 & sleep 300\n"
LONG_WAIT_S = 30.0


@pytest.fixture(scope="module")
def context_shop(busybox_base: str) -> Iterator[Workshop]:
    with workshop(busybox_base) as shop:
        shop.context(DOCKERFILE)
        for number in range(20):
            shop.write(f"context/tree/{number}", str(number) * 1000)
        yield shop


def words_of(shop: Workshop, turn: int) -> tuple[str | Path, ...]:
    arguments = ("--platform", TWO, "--build-arg", f"ROUND={turn}", "-t", f"app:{turn}")
    return shop.build_words("--progress", "plain", *arguments, shop.folder / "context")


def test_a_build_killed_at_any_moment_leaves_nothing_that_hinders(context_shop: Workshop) -> None:
    began = time.monotonic()
    context_shop.with_store("measured").ok(*words_of(context_shop, ROUNDS))
    length_s = time.monotonic() - began
    seed = time.time_ns() % 1_000_000
    moments = random.Random(seed)  # noqa: S311 - the moments of a test
    for turn in range(ROUNDS):
        shop = context_shop.with_store(f"store-{turn // NEW_STORE_EVERY}")
        moment_s = moments.uniform(0.05, length_s)
        about = f"seed {seed}, round {turn}, killed after {moment_s:.3f} s"
        kill_after(shop, moment_s, turn, about)
        done = shop.run(*words_of(shop, turn))
        assert done.returncode == 0, f"{about}: {done.stderr}"
        assert shop.damaged_blobs() == [], about
    for number in range(ROUNDS // NEW_STORE_EVERY):
        shop = context_shop.with_store(f"store-{number}")
        for turn in range(number * NEW_STORE_EVERY, (number + 1) * NEW_STORE_EVERY):
            said = shop.ok("run", f"app:{turn}", "cat", "/round", "/machine").stdout
            assert said == f"{turn}\nx86_64\n"


def kill_after(shop: Workshop, moment_s: float, turn: int, about: str) -> None:
    with adopted() as orphans, shop.start(*words_of(shop, turn)) as build:
        try:
            build.wait(moment_s)
        except subprocess.TimeoutExpired:
            build.send_signal(signal.SIGKILL)
        build.wait()
        assert orphans.left() == [], about
    assert mounts_below(shop.folder) == [], about


def test_what_a_killed_build_left_is_swept(context_shop: Workshop) -> None:
    for number in range(ROUNDS // NEW_STORE_EVERY):
        shop = context_shop.with_store(f"store-{number}")
        shop.ok("images")
        assert list((shop.store_path / "tmp").iterdir()) == []


def test_two_builds_of_the_same_thing_at_once_both_succeed(shop: Workshop) -> None:
    shop.context(DOCKERFILE)
    shop.write("context/tree/file", "content")
    words = words_of(shop, 1)
    builds = [
        shop.start("build", "-q", "--metadata-file", f"{number}.json", *words[1:])
        for number in range(3)
    ]
    for build in builds:
        _, errors = build.communicate(timeout=120)
        assert build.returncode == 0, errors
    digests = {
        json.loads((shop.folder / f"{number}.json").read_text())["containerimage.digest"]
        for number in range(3)
    }
    assert len(digests) == 1
    assert shop.damaged_blobs() == []
    assert shop.ok("run", "app:1", "cat", "/round").stdout == "1\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_ends_at_once_with_all_its_processes(
    shop: Workshop, number: signal.Signals
) -> None:
    words = shop.build_words("--progress", "plain", "-t", "app", shop.context(SLOW))
    with adopted() as orphans, shop.start(*words) as build:
        said = wait_for_line(build, "begins")
        began = time.monotonic()
        build.send_signal(number)
        _, errors = build.communicate(timeout=LONG_WAIT_S)
        assert time.monotonic() - began < LONG_WAIT_S
        assert build.returncode == 128 + number, errors
        assert orphans.left() == []
    assert "Traceback" not in said + errors
    assert errors.splitlines()[-1] in {"interrupted", "terminated"}
    assert mounts_below(shop.folder) == []
    assert shop.ok("images", "-q").stdout == ""


def wait_for_line(build: subprocess.Popen[str], text: str) -> str:
    assert build.stderr is not None
    said = ""
    for line in build.stderr:
        said += line
        if line.rstrip().endswith(text) and "RUN" not in line:
            return said
    raise AssertionError(said)

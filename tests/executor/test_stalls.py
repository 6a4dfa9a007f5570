from __future__ import annotations

import os

import pytest

from trimaran.emulation.quirks import Quirks
from trimaran.executor.stalls import Idleness, StalledError, StallWatch, describe
from trimaran.linux.processes import Process

STALL = frozenset({"stall"})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def process(depth: int = 1, **changes: object) -> Process:
    fields: dict[str, object] = {
        "pid": 7,
        "depth": depth,
        "command": ("sleep", "9"),
        "state": "sleeping",
        "threads": 1,
        "cpu_s": 0.05,
        "place": "hrtimer_nanosleep",
    }
    return Process(**{**fields, **changes})  # type: ignore[arg-type]


def test_time_without_output_and_cpu_adds_up() -> None:
    idleness = Idleness(100)
    assert idleness.sample(110, 0.0, active=False) == 10
    assert idleness.sample(120, 0.01, active=False) == 20


def test_output_and_cpu_time_begin_it_anew() -> None:
    idleness = Idleness(100)
    idleness.sample(110, 0.0, active=False)
    assert idleness.sample(120, 0.0, active=True) == 0
    assert idleness.sample(130, 0.0, active=False) == 10
    assert idleness.sample(140, 1.0, active=False) == 0
    assert idleness.sample(150, 1.0, active=False) == 10


def test_timers_of_a_hung_runtime_are_no_work() -> None:
    idleness = Idleness(0)
    assert [idleness.sample(now, now * 0.009, active=False) for now in (10, 100, 300)] == [
        10,
        100,
        300,
    ]
    assert Idleness(0).sample(100, 2.0, active=False) == 0


def test_a_process_that_ended_is_a_sign_of_life() -> None:
    idleness = Idleness(0)
    idleness.sample(10, 5.0, active=False)
    assert idleness.sample(20, 4.0, active=False) == 0


def watch(clock: Clock, warned: list[float], warn_s: float, end_s: float) -> StallWatch:
    def warn(seconds: float, lines: tuple[str, ...]) -> None:
        warned.append(seconds)

    # A process id that cannot be: what has no descendants uses no CPU time.
    return StallWatch(2**22 + 1, Quirks(STALL, False, "", warn_s, end_s), warn, clock)


def test_a_stall_is_reported_once_and_then_ended() -> None:
    clock, warned = Clock(), list[float]()
    watched = watch(clock, warned, 20, 40)
    while clock.now < 1039:
        clock.now += 1
        watched.look()
    assert warned == [20]
    clock.now = 1041
    with pytest.raises(StalledError) as caught:
        watched.look()
    assert caught.value.seconds >= 40


def test_after_output_a_new_stall_is_reported_anew() -> None:
    clock, warned = Clock(), list[float]()
    watched = watch(clock, warned, 20, 0)
    for now in range(1001, 1100):
        clock.now = float(now)
        if now == 1050:
            watched.heard()
        watched.look()
    assert warned == [20, 20]


def test_without_the_quirk_nothing_is_asked() -> None:
    clock, warned = Clock(), list[float]()
    watched = watch(clock, warned, 0, 0)
    clock.now += 10**6
    watched.look()
    assert warned == []


def test_processes_as_people_read_them() -> None:
    emulated = ("/usr/bin/qemu-arm-static", "/bin/busybox", "sh", "-c", "sleep\n\x1b[31m9")
    found = [
        process(0, command=("runc", "run")),
        process(1, command=emulated, threads=3, place=""),
        process(2),
    ]
    assert describe(found) == (
        "  /bin/busybox sh -c sleep 9 (sleeping, 3 threads, 0.1s of CPU)",
        "    sleep 9 (sleeping in hrtimer_nanosleep, 0.1s of CPU)",
    )


def test_many_and_long_ones_are_cut() -> None:
    lines = describe([process(command=("x" * 500,))] * 30)
    assert len(lines) == 21
    assert lines[-1] == "and 10 more"
    assert max(map(len, lines)) < 250


def test_the_watch_sees_real_processes() -> None:
    clock, warned = Clock(), list[float]()
    watched = StallWatch(
        os.getppid(), Quirks(STALL, False, "", 1, 0), lambda s, _: warned.append(s), clock
    )
    watched.heard()
    clock.now += 0.5
    watched.look()
    assert warned == []

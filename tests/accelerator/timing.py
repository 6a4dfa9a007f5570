"""What the interpreter adds to an exec: beside QEMU alone, and beside the native program.

To print it: python -c 'from tests.accelerator import timing; timing.show(30)'
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

from tests.accelerator import foreign
from tests.accelerator.room import STAND_IN, Room, encode
from tests.support.busybox import busybox
from tests.support.inside import run_inside
from tests.support.users import ordinary_folder

from trimaran import machines

_NATIVE = "/dev/.trimaran/kit/base/bin/busybox"
_AT_ONCE = 20


def measure(folder: str, foreign_busybox: str, native: str, rounds: str) -> dict[str, list[float]]:
    """For each way an exec goes, microseconds from spawn to the end: least, median.

    QEMU's part is one tiny program, the native part `busybox true`; ways take turns.
    """
    room = Room(folder, foreign_busybox, native)
    room.open()
    room.serve(lambda _: encode("E0"))
    tiny = foreign.write("/tiny", "user", 0o755)
    ways: dict[str, tuple[Callable[[], None], str]] = {
        "QEMU alone": (lambda: room.switch(on=False), tiny),
        "QEMU, answer known": (lambda: _decide(room, tiny, "E0"), tiny),
        "QEMU, build asked": (lambda: _decide(room), tiny),
        "native alone": (lambda: None, _NATIVE),
        "native, answer known": (
            lambda: _decide(room, "/bin/busybox", "c0", *STAND_IN),
            "/bin/busybox",
        ),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(int(rounds)):
        for way, (prepare, program) in ways.items():
            prepare()
            times[way] += [_time_us(program) for _ in range(_AT_ONCE)]
    return {way: [min(found), statistics.median(found)] for way, found in times.items()}


def _decide(room: Room, program: str = "", *fields: str) -> None:
    room.switch(on=True)
    room.forget()
    if program:
        room.decide(program, *fields)


def _time_us(program: str) -> float:
    begin = time.perf_counter()
    child = os.posix_spawn(program, ["true"], {})
    os.waitpid(child, 0)
    return (time.perf_counter() - begin) * 1e6


def added_us(rounds: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """The times of `measure`, and how much more the least of each way is than without us."""
    with ordinary_folder() as folder:
        native = busybox(machines.host().debian)
        room = (folder, busybox("arm64"), native)
        found = run_inside(measure, "self", *room, str(rounds), timeout_s=60 + rounds)
    added = {
        way: least - found[f"{way.partition(',')[0]} alone"][0]
        for way, (least, _) in found.items()
        if "," in way
    }
    return found, added


def show(rounds: int) -> None:
    """Print microseconds from spawn to end, least and median, and what is added to the least."""
    times, added = added_us(rounds)
    lines = [f"{way:22} {least:8.0f} {median:8.0f}\n" for way, (least, median) in times.items()]
    lines += [f"{way:22} {us:+8.0f}\n" for way, us in added.items()]
    sys.stdout.writelines(lines)

"""The times of execs: processes that burn a CPU, that sleep, and that become another program."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from trimaran.executor.profiling import Profiler, Times

ERROR_S = 0.5
"""On a busy machine an end is seen late, and the time until then is taken for busy, too."""
BURN = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n"


class Asker:
    """Programs that wait for a word before they go on, as the interpreter does."""

    def __init__(self, profiler: Profiler) -> None:
        self._profiler = profiler

    def start(self, slot: int, code: str, **options: object) -> subprocess.Popen[bytes]:
        asking = f"import os\nos.write(1, b'?')\nos.read(0, 1)\n{code}"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        child = subprocess.Popen([sys.executable, "-ISc", asking], **pipes, **options)  # type: ignore[call-overload]
        self.answer(child, slot)
        return child  # type: ignore[no-any-return]

    def answer(self, child: subprocess.Popen[bytes], slot: int) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.read(1) == b"?"
        self._profiler.begin(child.pid, slot)
        child.stdin.write(b"!")
        child.stdin.flush()


@pytest.fixture
def profiler() -> Iterator[Profiler]:
    made = Profiler()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def asker(profiler: Profiler) -> Asker:
    return Asker(profiler)


def settled(profiler: Profiler, *slots: int) -> list[Times]:
    """The sums of counters once nothing runs any more."""
    profiler.stop()
    sums = profiler.sums()
    return [sums.get(slot, Times()) for slot in slots]


def test_one_that_burns_and_one_that_sleeps(profiler: Profiler, asker: Asker) -> None:
    burning = asker.start(2, BURN.format(0.2))
    sleeping = asker.start(4, "import time\ntime.sleep(0.3)")
    for child in (burning, sleeping):
        child.communicate()

    burnt, slept = settled(profiler, 2, 4)
    assert 0.18 < burnt.cpu < 0.2 + ERROR_S
    assert burnt.cpu <= burnt.wall + 0.05
    assert slept.cpu < 0.1
    assert 0.29 < slept.wall < 2


def test_the_threads_of_a_program_count_and_its_children_do_not(
    profiler: Profiler, asker: Asker
) -> None:
    hashing = "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'', b'', 200_000)\n"
    code = (
        f"def burn():\n    {hashing.strip().replace(chr(10), chr(10) + '    ')}\n"
        "import threading, subprocess, sys, time, resource\n"
        "begin = time.process_time()\n"
        "thread = threading.Thread(target=burn); thread.start(); thread.join()\n"
        "own = time.process_time() - begin\n"
        f"subprocess.run([sys.executable, '-ISc', {BURN.format(0.3)!r}])\n"
        "print(own)"
    )
    child = asker.start(2, code)
    out, _ = child.communicate()

    (found,) = settled(profiler, 2)
    assert float(out) <= found.cpu < float(out) + 0.25
    assert found.wall > 0.3


def test_a_process_that_becomes_another_program_is_two_execs(
    profiler: Profiler, asker: Asker
) -> None:
    second = f"import os\nos.write(1, b'?')\nos.read(0, 1)\n{BURN.format(0.3)}"
    words = ["python", "-ISc", second]
    code = f"{BURN.format(0.1)}\nimport os, sys\nos.execv(sys.executable, {words!r})"
    child = asker.start(2, code)
    asker.answer(child, 4)
    child.communicate()

    first, then = settled(profiler, 2, 4)
    assert 0.09 < first.cpu < 0.25
    assert 0.28 < then.cpu < 0.3 + ERROR_S


def test_what_still_runs_counts_until_now(profiler: Profiler, asker: Asker) -> None:
    child = asker.start(2, BURN.format(30))
    try:
        waited_for(lambda: profiler.sums()[2].cpu > 0.1)
        (found,) = settled(profiler, 2)
        assert found.cpu > 0.1
    finally:
        child.kill()
        child.communicate()


def test_short_ones_that_are_waited_for_at_once_are_not_lost(
    profiler: Profiler, asker: Asker
) -> None:
    code = (
        "import time\nbegin = time.process_time()\nsum(range(300_000))\n"
        "os.write(1, str(time.process_time() - begin).encode())\nos._exit(0)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = sum(float(asker.start(2, code).communicate()[0]) for _ in range(20))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    (found,) = settled(profiler, 2)
    assert 0.8 * own < found.cpu < whole + ERROR_S
    assert found.cpu <= found.wall


def test_one_that_is_gone_already_is_no_exec(profiler: Profiler) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    profiler.begin(child.pid, 2)
    assert settled(profiler, 2) == [Times()]


def test_descriptors_are_given_back_and_never_taken_all(
    asker: Asker, profiler: Profiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        asker.start(2, "").communicate()
    waited_for(lambda: len(os.listdir("/proc/self/fd")) == before)

    monkeypatch.setattr(profiler, "_most", 2)
    children = [asker.start(4, "import time\ntime.sleep(0.3)") for _ in range(4)]
    held = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
    assert sum("pidfd" in os.readlink(one) for one in held if os.path.lexists(one)) == 2
    for child in children:
        child.communicate()


def waited_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)

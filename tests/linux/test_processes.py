from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from trimaran.linux import processes

ALL = set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def sleepers() -> list[processes.Process]:
    return [one for one in processes.below(os.getpid()) if "71.5" in " ".join(one.command)]


def mask(numbers: set[int]) -> int:
    return sum(1 << (number - 1) for number in numbers)


def test_a_tree_of_processes_with_what_they_do() -> None:
    child = subprocess.Popen(["sh", "-c", "sleep 71.5 & wait"])
    try:
        until(lambda: [one.state for one in sleepers()] == ["sleeping"] * 2)
        shell, sleep = sleepers()
        assert (shell.pid, shell.depth, sleep.depth) == (child.pid, 0, 1)
        assert sleep.command == ("sleep", "71.5")
        assert sleep.state == "sleeping"
        assert sleep.threads == 1
        assert sleep.place
        assert processes.children(child.pid) == [sleep.pid]
        os.kill(sleep.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.wait()


def test_cpu_time_of_ended_children_counts() -> None:
    def used_s() -> float:
        return sum(one.cpu_s for one in processes.below(os.getpid()))

    before = used_s()
    script = "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; read x"
    child = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE)
    try:
        until(lambda: used_s() >= before + 0.02)
    finally:
        child.communicate()


def test_a_process_that_is_gone_has_nothing_below_it() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert list(processes.below(child.pid)) == []
    assert processes.waits_for_death(child.pid) == 0


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGILL, signal.SIGABRT])
def test_the_one_signal_that_a_crashed_program_lets_through(number: int) -> None:
    assert processes.crash_let_through(mask(ALL - {number})) == number
    assert processes.crash_let_through(mask(ALL - {number, signal.SIGTERM})) == 0


@pytest.mark.parametrize("free", [{signal.SIGCHLD}, set(), ALL])
def test_other_masks_are_no_crash(free: set[int]) -> None:
    assert processes.crash_let_through(mask(ALL - free)) == 0


def test_a_process_that_waits_for_its_death() -> None:
    script = (
        "import signal; everything = set(range(1, 32)) - {signal.SIGSEGV};"
        "signal.pthread_sigmask(signal.SIG_BLOCK, everything); print(flush=True); input()"
    )
    argv = [sys.executable, "-c", script]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        assert processes.waits_for_death(child.pid) == signal.SIGSEGV
    finally:
        child.communicate(b"\n")


def test_the_kernels_count_of_kills_for_memory() -> None:
    assert processes.read_oom_kills("nr_free_pages 7\noom_kill 3\ndrop_pagecache 0\n") == 3
    assert processes.read_oom_kills("nr_free_pages 7\n") == 0
    assert processes.oom_kills() >= 0

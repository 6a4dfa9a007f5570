from __future__ import annotations

import signal

import pytest

from trimaran.executor.symptoms import Symptoms, is_layout_crash, signal_of

UNCAUGHT = "qemu: uncaught target signal 11 (Segmentation fault) - core dumped"


def symptoms(*lines: str) -> Symptoms:
    found = Symptoms()
    for line in lines:
        found.take(line)
    return found


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (139, signal.SIGSEGV),
        (132, signal.SIGILL),
        (134, signal.SIGABRT),
        (137, None),
        (100, None),
        (1, None),
    ],
)
def test_a_crash_by_its_status(status: int, expected: signal.Signals | None) -> None:
    assert symptoms("text").crash(status) == expected


def test_a_crash_that_a_package_manager_hides() -> None:
    found = symptoms("Processing triggers for libc-bin", UNCAUGHT, "E: Sub-process returned 1")
    assert found.crash(100) == signal.SIGSEGV
    assert found.lines == 3


def test_a_kill_in_the_emulator_is_no_crash() -> None:
    assert symptoms("qemu: uncaught target signal 15 (Terminated)").crash(143) is None


def test_crashes_that_another_layout_may_avoid() -> None:
    assert is_layout_crash(signal.SIGSEGV, "")
    assert is_layout_crash(signal.SIGSEGV, "arm1176")
    assert is_layout_crash(signal.SIGILL, "")
    assert not is_layout_crash(signal.SIGILL, "arm1176")
    assert not is_layout_crash(signal.SIGABRT, "")
    assert not is_layout_crash(None, "")


def test_signals_of_statuses() -> None:
    assert signal_of(139) == signal.SIGSEGV
    assert signal_of(128) is None
    assert signal_of(255) is None

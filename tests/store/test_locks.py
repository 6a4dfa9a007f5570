from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from trimaran.store.store import Store

HOLDER = """
import sys, time
from pathlib import Path
from trimaran.store.store import Store
with getattr(Store.open(Path(sys.argv[1])), sys.argv[2])(*sys.argv[3:]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(store: Store, *lock: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", HOLDER, str(store.root), *lock]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_named_lock_excludes_threads(store: Store) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with store.lock("a/b"):
                with guard:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.0005)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_killed_process_releases_its_lock(store: Store) -> None:
    with holder(store, "lock", "step") as process:
        taken = threading.Event()

        def wait() -> None:
            with store.lock("step"):
                taken.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert not taken.wait(0.2)
        process.kill()
        thread.join(10)
        assert taken.is_set()


def test_named_locks_leave_no_files(store: Store) -> None:
    with store.lock("one"), store.lock("two"):
        assert len(list((store.root / "locks").glob("*.lock"))) == 2
    assert list((store.root / "locks").glob("*.lock")) == []


def test_removal_waits_for_no_one_and_leases_wait_for_removal(store: Store) -> None:
    with store.use(), store.use(), store.alone() as alone:
        assert not alone
    with store.alone() as alone, store.alone() as second:
        assert alone
        assert not second


@pytest.mark.parametrize(("lock", "alone"), [("use", False), ("alone", False)])
def test_another_process_is_seen(store: Store, lock: str, alone: bool) -> None:
    with holder(store, lock) as process:
        with store.alone() as got:
            assert got is alone
        process.kill()
    with store.alone() as got:
        assert got

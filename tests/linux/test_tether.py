"""The script is run in a user namespace of util-linux's making, as it runs inside a build."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trimaran.linux import tether

pytestmark = pytest.mark.real
SCRIPT = (sys.executable, "-I", "-S", tether.__file__)
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


def tethered(*argv: str) -> subprocess.CompletedProcess[str]:
    # The shell stands for the build: its id is the parent's that the script is told.
    words = ("/bin/sh", "-c", '"$0" "$1" "$2" "$3" $$ "$4" "$5" "$6"; exit $?', *SCRIPT, *argv)
    return subprocess.run(
        [*NAMESPACE, *words], check=False, capture_output=True, text=True, timeout=20
    )


def test_a_program_is_process_one_and_sees_no_other() -> None:
    done = tethered("/bin/sh", "-c", "echo $$; ls -d /proc/[0-9]* | wc -l; cd /proc/self && exit 3")
    assert done.stdout.split()[0] == "1"
    assert int(done.stdout.split()[1]) <= 4
    assert done.returncode == 3


def test_a_signal_becomes_a_status() -> None:
    seconds = unique_seconds()
    words = ("/bin/sh", "-c", f'"$@" $$ /bin/sleep {seconds}; exit $?', "sh", *SCRIPT)
    with subprocess.Popen([*NAMESPACE, *words]) as shell, killed_at_the_end(shell):
        wait_until(lambda: bool(alive(seconds)))
        os.kill(alive(seconds)[0], signal.SIGKILL)
        assert shell.wait(10) == 137


def test_a_program_that_is_missing() -> None:
    done = tethered("/no/such/program", "", "")
    assert done.returncode == 125
    assert done.stderr == "cannot run /no/such/program: No such file or directory\n"


def test_nothing_starts_for_a_parent_that_is_gone() -> None:
    done = subprocess.run(
        [*NAMESPACE, *SCRIPT, "1", "/bin/echo", "started"], check=False, capture_output=True
    )
    assert (done.returncode, done.stdout) == (125, b"")


def test_everything_below_dies_with_the_one_who_started_it() -> None:
    seconds = unique_seconds()
    inner = f"setsid sleep {seconds} & sleep {seconds} & wait"
    words = ("/bin/sh", "-c", f'"$@" $$ /bin/sh -c "{inner}"; exit', "sh", *SCRIPT)
    with subprocess.Popen([*NAMESPACE, *words]) as shell, killed_at_the_end(shell):
        wait_until(lambda: len(alive(seconds)) == 2)
        shell.kill()
        wait_until(lambda: not alive(seconds))


def unique_seconds() -> str:
    """A time to sleep by which the test's own processes are known."""
    return str(10**6 + secrets.randbelow(10**7))


@contextmanager
def killed_at_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def alive(word: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"sleep") and word.encode() in words:
            found.append(int(path.parent.name))
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

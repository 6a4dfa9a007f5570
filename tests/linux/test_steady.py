from __future__ import annotations

import subprocess
import sys

from trimaran.linux import steady


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", steady.__file__, *argv],
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_memory_of_a_program_and_of_those_below_it_is_laid_out_alike() -> None:
    script = "cat /proc/self/personality; sh -c 'exec grep -m1 stack /proc/self/maps'"
    first, second = run("/bin/sh", "-c", script), run("/bin/sh", "-c", script)
    assert first.returncode == 0
    assert first.stdout.startswith("00040000\n")
    assert first.stdout == second.stdout


def test_the_exit_status_is_the_programs() -> None:
    assert run("/bin/sh", "-c", "exit 7").returncode == 7


def test_a_program_that_cannot_be_run() -> None:
    done = run("/nonexistent")
    assert done.returncode == 125
    assert "cannot run /nonexistent: No such file or directory" in done.stderr

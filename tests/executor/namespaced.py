"""Runs tests in the namespaces of this process; a scenario of `tests.support.inside`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def run_tests(*names: str) -> tuple[int, str]:
    """The status of pytest for files of tests, and what it printed."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                f"--basetemp={folder}/tests",
                *(str(_ROOT / name) for name in names),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=_ROOT,
        )
    return done.returncode, done.stdout + done.stderr

from __future__ import annotations

import subprocess
import sys

SLOW = {
    "concurrent.futures",
    "isal",
    "rich",
    "subprocess",
    "tarfile",
    "trimaran.build.execution",
    "trimaran.build.writing",
    "trimaran.emulation.prepare",
    "trimaran.executor.executor",
    "trimaran.registry.client",
    "urllib3",
    "zstandard",
}


def test_a_cached_build_does_not_wait_for_what_runs_steps_and_writes_outputs() -> None:
    code = "import sys, trimaran.build.builder; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert not SLOW & set(loaded.stdout.decode().split())

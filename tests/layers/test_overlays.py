from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.real
def test_a_layer_of_one_overlay_makes_another_equal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.layers.overlays", tmp_path],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "14 entries\n"

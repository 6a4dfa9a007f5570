"""What the tests of COPY and ADD share."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.executor.sides import Sides


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)

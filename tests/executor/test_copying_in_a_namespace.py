"""The tests of copying as an ordinary user, who is root in a namespace of its own."""

from __future__ import annotations

import pytest
from tests.executor.namespaced import run_tests
from tests.support.inside import run_inside

pytestmark = pytest.mark.real


def test_an_ordinary_user_copies_as_root_does() -> None:
    files = ("copying", "copying_attributes", "copying_hazards", "adding")
    names = [f"tests/executor/test_{file}.py" for file in files]
    status, output = run_inside(run_tests, "ordinary", *names)
    assert status == 0, output

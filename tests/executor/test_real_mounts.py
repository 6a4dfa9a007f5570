"""RUN --mount by the real runtime, as the tests' own user and as an ordinary one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.executor import mount_scenarios
from tests.support.busybox import busybox
from tests.support.inside import USERS, run_inside
from tests.support.users import ordinary_folder

pytestmark = pytest.mark.real

Play = Callable[..., Any]


@pytest.fixture(params=USERS)
def play(request: pytest.FixtureRequest) -> Iterator[Play]:
    with ordinary_folder() as folder:

        def call(scenario: Callable[..., Any], *arguments: str | Path) -> Any:
            return run_inside(scenario, str(request.param), folder, busybox("amd64"), *arguments)

        yield call


def test_binds_show_files_and_keep_nothing(play: Play) -> None:
    found = play(mount_scenarios.binds)
    lines = found["result"]["lines"]
    refused = [line for line in lines if "Read-only" in line]
    # The runtime passes output and errors on by two pipes: their order is not kept.
    assert refused == [
        "touch: /a/b/c/x: Read-only file system",
        "touch: /etc/one: Read-only file system",
    ]
    assert [line for line in lines if line not in refused] == [
        *("from the context", "one file", "from a stage", "0:0"),
        *("bin", "dev", "etc", "proc", "root", "srv", "sys", "tmp", "x", "removed"),
    ]
    layer = ["- 644 0:0 /a/beside", "- 644 0:0 /etc/group", "d 755 0:0 /a", "d 755 0:0 /etc"]
    assert found["result"]["layer"] == layer
    assert "srv" in found["again"]["lines"]
    assert "x" not in found["again"]["lines"]
    assert found["nothing"] == {"layer": [], "lines": [".", ".."]}
    assert found["written"] == {"layer": [], "lines": ["w"]}
    assert found["missing"]["message"] == "there is no /nowhere to mount on /x"
    assert found["a file"]["message"] == "cannot mount a folder on /etc/passwd, which is a file"
    assert found["a folder"]["message"] == "cannot mount a file on /etc, which is a folder"
    assert "/etc/passwd/x: Not a directory" in found["under a file"]["message"]
    assert found["left"] == []


def test_mount_points_leave_no_trace(play: Play) -> None:
    found = play(mount_scenarios.points)
    assert found["result"] == {"layer": [], "lines": ["1", "1777", "1024", "side"]}
    assert found["kept"]["layer"] == [
        "- 644 0:0 /new/a/b/x",
        "d 755 0:0 /new",
        "d 755 0:0 /new/a",
        "d 755 0:0 /new/a/b",
    ]
    assert found["left"] == []

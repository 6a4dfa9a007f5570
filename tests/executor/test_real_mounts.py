"""RUN --mount by the real runtime, as the tests' own user and as an ordinary one."""

from __future__ import annotations

import subprocess
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
    assert found["changed"]["layer"] == []
    assert found["left"] == []


def test_caches_survive_steps_and_are_apart_by_key(play: Play) -> None:
    found = play(mount_scenarios.caches)
    assert found["new"] == {"layer": [], "lines": [".", "..", "755 0:0"]}
    assert found["again"]["lines"] == ["1"]
    assert found["other"]["lines"] == []
    assert found["mine"] == {"layer": [], "lines": ["700 1000:1200"]}
    assert found["filled"]["lines"] == ["first", "711"]
    assert sorted(found["closed"]["output"]) == ["second", "touch: /c/y: Read-only file system"]
    assert "no '/no' in what the cache on /c is filled from" in found["missing"]["message"]
    assert found["twice"]["lines"] == ["x"]
    keys = sorted(key.split(" from ")[0] for key, _ in found["listed"])
    assert keys == [
        *("/c linux/amd64", "/c linux/amd64 mode 700 owner 1000:1200", "/c linux/arm64"),
        *("id filled", "id twice"),
    ]
    assert sorted(found["removed"]) == [False, True, True, True, True]
    assert [key for key, size in found["rest"] if size > 0] == ["/c linux/amd64"]
    assert found["refilled"]["lines"] == ["x"]


@pytest.mark.parametrize(
    ("kind", "together", "caches"),
    [("shared", True, 1), ("private", False, 2), ("locked", False, 1)],
)
def test_two_steps_in_one_cache(play: Play, kind: str, together: bool, caches: int) -> None:
    found = play(mount_scenarios.sharing, kind)
    seen = {tuple(found["a"]), tuple(found["b"])}
    assert (("a", "b") in seen) is together
    if not together:
        assert seen == {("a",), ("b",)}
    assert found["caches"] == caches


def test_secrets_are_in_memory_only(play: Play) -> None:
    found = play(mount_scenarios.secrets)
    lines = found["result"]["lines"]
    refused = [line for line in lines if line.startswith(("ls:", "touch:"))]
    assert refused == [
        "ls: /run/secrets/none: No such file or directory",
        "touch: /run/secrets/one: Read-only file system",
    ]
    assert [line for line in lines if line not in refused] == [
        *("s3cret-one", "400 0:0", "440 1000:1200", "s3cret-two", "s3cret-two+s3cret-two+", "1")
    ]
    assert found["result"]["layer"] == []
    assert found["required"]["message"] == "the secret 'none' was not given"
    assert "zero byte" in found["refused"]["message"]
    assert found["on the disk"] == []
    assert found["left"] == []


def test_networks_and_security(play: Play) -> None:
    found = play(mount_scenarios.networks)
    assert found["none"]["lines"] == ["1", "0"]
    assert found["default"]["lines"][0] != "lo "
    assert found["sandbox"]["lines"][-1] == "1"
    assert found["insecure"]["lines"][1:] == ["Seccomp:\t0", "0"]
    effective = int(found["insecure"]["lines"][0].split()[1], 16)
    highest = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert effective == 2 ** (highest + 1) - 1


@pytest.fixture
def keys() -> Iterator[tuple[Path, Path]]:
    """A private key, and one with a passphrase, both readable by all."""
    with ordinary_folder() as folder:
        plain, locked = folder / "plain", folder / "locked"
        for key, passphrase in ((plain, ""), (locked, "s3cret")):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(key)]
            subprocess.run(argv, check=True)
            key.chmod(0o644)
        yield plain, locked


def test_agents_of_keys(play: Play, keys: tuple[Path, Path]) -> None:
    found = play(mount_scenarios.agents, *keys)
    assert found["step"] == {
        "layer": [],
        "lines": ["/run/buildkit/ssh_agent.0", "socket 660 1000:1200"],
    }
    assert sorted(found["absent"]["output"]) == ["/s", "ls: /s: No such file or directory"]
    assert found["required"]["hint"] == "add --ssh other"
    assert "/nowhere" in found["gone"]["message"]
    assert "without a passphrase" in found["locked"]["message"]
    assert found["left"] == []

"""Steps by the real runtime, as the tests' own user and as an ordinary one."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.executor import scenarios
from tests.support.busybox import busybox
from tests.support.inside import USERS, command, environment, run_inside
from tests.support.users import identity, ordinary_folder

pytestmark = pytest.mark.real

Play = Callable[..., Any]


@pytest.fixture(params=USERS)
def user(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder() -> Iterator[Path]:
    with ordinary_folder() as path:
        yield path


@pytest.fixture
def play(user: str, folder: Path) -> Play:
    def call(
        scenario: Callable[..., Any], *arguments: str | Path, architecture: str = "amd64"
    ) -> Any:
        return run_inside(scenario, user, folder, busybox(architecture), *arguments)

    return call


def test_a_program_finds_what_docker_gives_it_and_leaves_its_changes_alone(play: Play) -> None:
    result = play(scenarios.ordinary_run)
    # The runtime passes output and errors on by two pipes: their order is not kept.
    result["lines"].remove("to stderr")
    assert result["lines"] == [
        "/tmp",
        "blue /root",
        "nameserver 192.0.2.1",
        "127.0.0.1\tlocalhost trimaran",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "trimaran",
        "http://proxy.test:3128",
        "uid=0(root) gid=0(root) groups=0(root),1200(tools)",
        "3",
        "sys",
        "0",
        "0",
    ]
    assert result["layer"] == [
        "- 644 0:0 /etc/group",
        "- 644 0:0 /etc/new",
        "d 755 0:0 /bin",
        "d 755 0:0 /etc",
        "d 755 0:0 /srv",
        "w 0 0:0 /bin/yes",
    ]
    assert result["left"] == []


def test_provided_files_leave_no_trace(play: Play) -> None:
    result = play(scenarios.trace_of_mounts)
    lent = "nameserver 192.0.2.1"
    assert result["missing"] == {"layer": [], "lines": [lent]}
    assert result["file"] == {"layer": [], "lines": [lent, "751 1000000000"]}
    assert result["link"]["lines"] == [lent]
    assert result["link"]["layer"] == ["- 644 0:0 /etc/x", "d 751 0:0 /etc"]
    assert {"resolv.conf", "hosts", "x"} < set(result["again"])
    assert result["again layer"] == []


def test_a_run_from_scratch_leaves_the_three_folders(play: Play) -> None:
    assert play(scenarios.scratch_run)["layer"] == [
        "d 755 0:0 /dev",
        "d 755 0:0 /proc",
        "d 755 0:0 /sys",
    ]


def test_users_groups_and_homes(play: Play) -> None:
    found = play(scenarios.users)
    lines = {user: result.get("lines") for user, result in found.items()}
    assert lines[""] == ["uid=0(root) gid=0(root) groups=0(root),1200(tools)", "/root"]
    assert lines["worker"] == [
        "uid=1000(worker) gid=1000(worker) groups=1000(worker),1200(tools)",
        "/home/worker",
    ]
    assert lines["worker:nogroup"] == [
        "uid=1000(worker) gid=65534(nogroup) groups=65534(nogroup)",
        "/home/worker",
    ]
    assert lines["1000"] == lines["worker"]
    assert lines["4321"] == ["uid=4321 gid=0(root) groups=0(root)", "/"]
    assert lines["4321:1200"] == ["uid=4321 gid=1200(tools) groups=1200(tools)", "/"]
    assert lines["nobody"][1] == "/nonexistent"
    assert "ghost" in found["ghost"]["message"]
    assert found["ghost"]["hint"]


def test_an_ordinary_user_has_not_every_id(folder: Path) -> None:
    found = run_inside(scenarios.users, "ordinary", folder, busybox("amd64"))
    assert "not among" in found["unmapped"]["message"]
    assert "--add-subuids" in found["unmapped"]["hint"]


@pytest.mark.parametrize(
    ("architecture", "platform"), [("amd64", "linux/amd64"), ("arm64", "linux/arm64")]
)
def test_setuid_programs_keep_their_bit_and_gain_rights(
    play: Play, architecture: str, platform: str
) -> None:
    result = play(scenarios.setuid, platform, architecture=architecture)
    assert "- 4755 0:0 /bin/id0" in result["made"]
    assert result["plain"] == ["65534"]
    assert result["used"]["lines"] == ["0"]


def test_statuses_and_what_is_said_of_them(play: Play) -> None:
    result = play(scenarios.statuses)
    assert result["exit"]["status"] == 42
    assert result["exit"]["output"] == [str(number) for number in range(11, 51)]
    assert result["exit"]["message"] == "exit status 42"
    assert result["killed"]["status"] == 137
    assert "SIGKILL" in result["killed"]["message"]
    assert "memory" in result["killed"]["hint"]
    assert result["missing"]["message"] == "nonsense: not found in the image"
    assert result["missing"]["status"] == -1
    assert result["closed"]["status"] == 7
    assert result["left"] == []


def test_a_program_of_another_cpu_is_named(play: Play) -> None:
    result = play(scenarios.foreign, architecture="s390x")
    assert result["message"].startswith("cannot start /bin/sh: it is a program for s390x")
    assert result["hint"]


@pytest.mark.parametrize(
    ("architecture", "platform", "uname"),
    [
        ("arm64", "linux/arm64", "aarch64"),
        ("armhf", "linux/arm/v7", "armv7l"),
        ("ppc64el", "linux/ppc64le", "ppc64le"),
        ("s390x", "linux/s390x", "s390x"),
    ],
)
def test_emulated_programs_and_a_hundred_forks(
    play: Play, architecture: str, platform: str, uname: str
) -> None:
    result = play(scenarios.emulated, platform, architecture=architecture)
    assert result["support"] == ["Emulated"]
    assert result["lines"] == [uname, "0", "1", "2", "3"]
    assert result["layer"] == []
    assert result["piped"]["lines"] == ["20"]


def test_what_is_forbidden(play: Play) -> None:
    lines = "\n".join(play(scenarios.forbidden)["lines"])
    assert lines.count("Operation not permitted") >= 3
    assert "/proc/sys/kernel/panic: Read-only file system" in lines
    assert "/sys/kernel/uevent_seqnum" in lines
    assert "/etc/resolv.conf: Read-only file system" in lines
    assert "'/dev/mem': No such file" in lines


def test_a_stop_ends_every_process_and_mount(play: Play) -> None:
    result = play(scenarios.cancelled, unique_seconds())
    assert result["left"] == []
    assert result["alive"] == []
    assert result["seconds"] < 5


def test_a_killed_build_takes_its_steps_along(user: str, folder: Path) -> None:
    seconds = unique_seconds()
    build = subprocess.Popen(
        command(scenarios.endless, user, folder, busybox("amd64"), seconds),
        env=environment(),
        cwd="/",
        **(identity() if user == "ordinary" else {}),
    )
    try:
        wait_until(lambda: len(scenarios.processes(seconds)) >= 4)
    finally:
        os.kill(build.pid, signal.SIGKILL)
        build.wait()
    wait_until(lambda: not scenarios.processes(seconds))
    assert scenarios.mounts_below(str(folder)) == []


def test_folders_of_workdir(play: Play) -> None:
    result = play(scenarios.folders)
    assert result["made"]["layer"] == [
        "d 755 1000:1000 /a",
        "d 755 1000:1000 /a/b",
        "d 755 1000:1000 /a/b/c",
    ]
    assert result["linked"]["layer"] == ["d 1777 0:0 /tmp", "d 755 0:0 /tmp/d"]
    assert result["there"]["layer"] == []
    assert "/bin/busybox" in result["blocked"]["message"]
    assert result["empty"]["layer"] == ["d 755 0:0 /only"]


def test_copies_from_a_context_and_from_a_step(play: Play) -> None:
    result = play(scenarios.copies)
    assert result["first"]["layer"] == ["- 644 0:0 /into/file", "d 755 0:0 /into"]
    assert result["second"]["layer"] == [
        "- 644 0:0 /x/file",
        "- 755 0:0 /x/busybox",
        "d 755 0:0 /x",
    ]
    assert result["left"] == []


def test_layers_of_a_base(play: Play) -> None:
    result = play(scenarios.extracts)
    assert result["first"] > 40
    assert "w 0 0:0 /etc/passwd" in result["second"]
    assert "/etc/passwd" in result["passwd"]["output"][0]
    assert "its config says sha256:000" in result["wrong"]["message"]
    assert result["left"] == []


def test_the_root_folder_keeps_its_own_attributes(play: Play) -> None:
    assert play(scenarios.root_attributes) == ["711 7:8"]


def test_a_parent_that_is_gone(play: Play) -> None:
    assert "no such step" in play(scenarios.missing_parent)["message"]


def test_a_container_shares_output_mounts_and_status(user: str, folder: Path) -> None:
    script = "pwd; echo $EXTRA; cat /mnt/shared/file; echo x >/mnt/shared/new; touch /gone; exit 9"
    done = subprocess.run(
        command(scenarios.container, user, folder, busybox("amd64"), script),
        env=environment(),
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        **(identity() if user == "ordinary" else {}),
    )
    *printed, answer = done.stdout.splitlines()
    assert printed == ["/tmp", "1", "shared"]
    result = json.loads(answer)
    assert result["status"] == 9
    assert result["left"] == []
    assert (folder / "shared" / "new").read_text() == "x\n"
    assert not [line for line in result["base"] if line.endswith(("/gone", "/mnt"))]


def test_signals_reach_a_container(user: str, folder: Path) -> None:
    script = "trap 'echo caught; exit 5' INT; echo ready; while true; do sleep 0.1; done"
    with (
        subprocess.Popen(
            command(scenarios.container, user, folder, busybox("amd64"), script),
            env=environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            **(identity() if user == "ordinary" else {}),
        ) as process,
        killed_at_the_end(process),
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "caught\n"
        assert json.loads(process.stdout.readline())["status"] == 5


def test_a_terminal_of_its_own(user: str, folder: Path) -> None:
    script = "trap 'echo caught; exit 6' INT; stty size; read word; echo got $word; sleep 9"
    outer, inner = os.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    with (
        subprocess.Popen(
            command(scenarios.container, user, folder, busybox("amd64"), script, "terminal"),
            env=environment(),
            cwd="/",
            stdin=inner,
            stdout=inner,
            start_new_session=True,
            **(identity() if user == "ordinary" else {}),
        ) as process,
        killed_at_the_end(process),
    ):
        os.close(inner)
        read_until(outer, b"33 77\r\n")
        os.write(outer, b"hello\n")
        read_until(outer, b"got hello\r\n")
        os.write(outer, b"\x03")
        read_until(outer, b"caught\r\n")
        assert b'"status": 6' in read_until(outer, b"\r\n")
        assert process.wait(20) == 0
    os.close(outer)


def unique_seconds() -> str:
    """A time to sleep by which the test's own processes are known."""
    return str(10**6 + secrets.randbelow(10**7))


@contextmanager
def killed_at_the_end(process: subprocess.Popen[Any]) -> Iterator[None]:
    """So that a failed test does not wait for what it started."""
    try:
        yield
    finally:
        process.kill()


def read_until(fd: int, end: bytes) -> bytes:
    seen = b""
    while not seen.endswith(end):
        assert select.select([fd], [], [], 20)[0], seen
        seen += os.read(fd, 1)
    return seen


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

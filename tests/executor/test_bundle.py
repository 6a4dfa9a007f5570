from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from trimaran.executor import bundle
from trimaran.executor.bundle import BindMount, Container, complete_environment
from trimaran.executor.users import ProcessUser

ROOT = ProcessUser(0, 0, (1200,), "/root")
WORKER = ProcessUser(1000, 1000, (), "/home/worker")


CONTAINER = Container(Path("/merged"), ("/bin/true",), ("A=b",), "/src", ROOT)


def made(container: Container = CONTAINER) -> Any:
    return msgspec.json.decode(msgspec.json.encode(bundle.config(container)))


def test_the_process() -> None:
    process = made()["process"]
    assert process["args"] == ["/bin/true"]
    assert process["env"] == ["A=b"]
    assert process["cwd"] == "/src"
    assert process["user"] == {"uid": 0, "gid": 0, "additionalGids": [0, 1200]}
    assert process["noNewPrivileges"] is False
    assert process["terminal"] is False


def test_root_has_dockers_capabilities_and_others_may_get_them() -> None:
    root = made()["process"]["capabilities"]
    assert len(root["bounding"]) == 14
    assert root["effective"] == root["permitted"] == root["bounding"]
    worker = made(replace(CONTAINER, user=WORKER))["process"]["capabilities"]
    assert worker == {"bounding": root["bounding"], "effective": [], "permitted": []}


def test_namespaces_and_root() -> None:
    config = made()
    kinds = {namespace["type"] for namespace in config["linux"]["namespaces"]}
    assert kinds == {"pid", "ipc", "uts", "mount"}
    assert config["root"] == {"path": "/merged"}
    assert config["hostname"] == "trimaran"
    assert "/proc/kcore" in config["linux"]["maskedPaths"]
    assert "/proc/sys" in config["linux"]["readonlyPaths"]
    assert "devices" not in config["linux"]


def test_mounts_in_order() -> None:
    config = made(replace(CONTAINER, mounts=(BindMount(Path("/tmp/hosts"), "/etc/hosts"),)))
    by_place = {mount["destination"]: mount for mount in config["mounts"]}
    assert list(by_place)[:2] == ["/proc", "/dev"]
    assert list(by_place)[-1] == "/etc/hosts"
    assert {"ro", "nosuid", "nodev", "noexec"} < set(by_place["/etc/hosts"]["options"])
    assert "ro" in by_place["/sys"]["options"]


def test_sys_is_left_out_where_it_cannot_be_protected() -> None:
    places = [mount["destination"] for mount in made(replace(CONTAINER, show_sys=False))["mounts"]]
    assert "/sys" not in places


def test_the_limit_of_open_files_is_low_and_within_this_process_own() -> None:
    (limit,) = made(replace(CONTAINER, hard_files=2**31 - 1))["process"]["rlimits"]
    assert (limit["soft"], limit["hard"]) == (1024, 524_288)
    (limit,) = made(replace(CONTAINER, hard_files=500))["process"]["rlimits"]
    assert (limit["soft"], limit["hard"]) == (500, 500)


def test_an_environment_is_completed_and_never_overruled() -> None:
    given = ("PATH=/mine", "http_proxy=theirs")
    extra = {"http_proxy": "ours", "no_proxy": "localhost"}
    assert complete_environment(given, WORKER, extra) == (
        "PATH=/mine",
        "http_proxy=theirs",
        "HOME=/home/worker",
        "no_proxy=localhost",
    )
    assert complete_environment((), ROOT, {})[0].startswith("PATH=/usr/local/sbin:")


def test_a_terminal_has_its_size_from_the_start() -> None:
    process = made(replace(CONTAINER, terminal=True, size=(33, 77)))["process"]
    assert process["terminal"] is True
    assert process["consoleSize"] == {"height": 33, "width": 77}
    assert "consoleSize" not in made()["process"]

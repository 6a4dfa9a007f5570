from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.users import as_ordinary_user, ordinary_folder, trimaran_program

from trimaran import machines, platforms
from trimaran.host import doctor

FOREIGN = ("linux/arm64", "linux/arm/v7", "linux/s390x", "linux/riscv64", "linux/mips64le")
TRIED = ("static program", "exit status", "fork and wait", "threads", "exec", "setuid", "memory")


def test_every_cpu_that_images_have_a_name_for_is_meant() -> None:
    meant = doctor.usual_platforms()
    assert len(meant) == sum(bool(row.architecture) for row in machines.MACHINES)
    assert {"linux/amd64", "linux/arm64", "linux/arm/v7"} <= set(map(str, meant))


@pytest.mark.real
def test_everything_works_for_an_ordinary_user() -> None:
    status, found = run_json("host", "doctor", "--json", *FOREIGN)
    assert status == 0, found
    machine = {(check["name"], check["place"]): check for check in found["machine"]}
    for name in ("user and mount namespace", "binfmt_misc", "overlay", "OCI runtime", "container"):
        assert machine[name, "private"]["state"] == "ok", machine[name, "private"]
    assert machine["container", "private"]["detail"] == "started, under a seccomp filter"
    assert [one["platform"] for one in found["platforms"]] == list(FOREIGN)
    for one in found["platforms"]:
        private = {c["name"]: c["state"] for c in one["checks"] if c["place"] == "private"}
        assert private == dict.fromkeys(TRIED, "ok"), one


@pytest.mark.real
def test_what_is_asked_for_must_work() -> None:
    wrong = "s390x=" + _emulator("riscv64")
    status, found = run_json("host", "doctor", "--json", "--qemu", wrong, "s390x")
    assert (status, found["ok"]) == (1, False)
    (platform,) = found["platforms"]
    assert platform["runs"] == "no"
    assert "does not run s390x programs" in platform["reason"]


@pytest.mark.real
def test_the_table_says_what_is_broken_and_how_to_mend_it() -> None:
    # Debian's links below /usr/libexec are found without PATH; it has none for arm64be.
    done = run("host", "doctor", "arm64be", environment={"PATH": "/nonexistent"})
    assert done.returncode == 1
    assert "no emulator for aarch64_be is installed" in done.stdout
    assert "hint: sudo" in done.stdout
    assert done.stdout.endswith("not everything works\n")


@pytest.mark.real
def test_a_missing_runtime_is_a_failure_that_says_how_to_get_one() -> None:
    words = ("host", "doctor", "--json", str(platforms.host()))
    done = run(*words, environment={"TRIMARAN_RUNTIME": "no-such-runtime"})
    found = json.loads(done.stdout)
    (failed,) = [check for check in found["machine"] if check["state"] == "failed"]
    assert done.returncode == 1
    assert failed["name"] == "OCI runtime"
    assert failed["breaks"] == "every build with a RUN, and every run"
    assert failed["hint"] == "install no-such-runtime, or correct its path"


@pytest.mark.real
def test_the_machines_platforms_are_listed() -> None:
    status, found = run_json("platforms", "--json")
    assert status == 0
    own = machines.host().architecture
    assert (found[0]["platform"], found[0]["runs"]) == (f"linux/{own}", "native")
    rows = {one["platform"]: one for one in found}
    assert rows["linux/s390x"]["runs"] == "emulated"
    assert rows["linux/s390x"]["version"][0].isdigit()
    assert {"linux/arm/v5", "linux/arm/v6", "linux/arm/v7"} <= set(rows)


@pytest.mark.real
def test_a_package_that_would_add_platforms_is_named() -> None:
    done = run("platforms", environment={"PATH": "/nonexistent"})
    assert done.returncode == 0, done.stderr
    assert "more with: sudo " in done.stdout
    assert "linux/arm64be" in done.stdout.partition("more with: sudo")[2]


def run(*words: str, environment: dict[str, str] | None = None) -> Any:
    with ordinary_folder() as folder:
        argv = (*trimaran_program(), "--store", str(folder / "store"), *words)
        return as_ordinary_user(argv, folder=folder, environment=environment)


def run_json(*words: str) -> tuple[int, Any]:
    done = run(*words)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _emulator(name: str) -> str:
    paths = (Path(f"/usr/bin/qemu-{name}{suffix}") for suffix in ("-static", ""))
    return str(next(path for path in paths if path.exists()))

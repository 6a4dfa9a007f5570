"""The command line of `host`, as far as it changes nothing; tests/host has the rest."""

from __future__ import annotations

import json
import os

import pytest
from tests.support.users import as_ordinary_user, trimaran_program

from trimaran import machines, platforms

HOST = str(platforms.host())


def run(*words: str) -> tuple[int, str, str]:
    done = as_ordinary_user([*trimaran_program(), "host", *words])
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words", [("setup",), ("setup", "--persist", "s390x"), ("remove", "linux/arm64")]
)
def test_an_ordinary_user_is_told_the_command(words: tuple[str, ...]) -> None:
    status, out, err = run(*words)
    assert (status, out) == (1, "")
    assert f"hint: sudo trimaran host {' '.join(words)}\n" in err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("setup", HOST), 1, "ELOOP"),
        (("setup", "z80"), 2, "unknown platform"),
        (("setup", "mips"), 2, "may mean several platforms"),
        (("setup", "--all", "arm64"), 2, "--all means every CPU"),
        (("setup", "ppc", "ppc64abi32"), 1, "same ELF header"),
        (("setup", "--dry-run", "--qemu", "/none/qemu-arm", "arm"), 2, "there is no file"),
        (("remove", "z80"), 2, "unknown platform"),
        (("status", "arm64"), 2, "unexpected extra argument"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], status: int, message: str) -> None:
    found, _, err = run(*words)
    assert found == status
    assert message in err


def test_status_as_json_and_as_a_table() -> None:
    """This machine's own handlers are whatever they are; its rows are known."""
    status, out, _ = run("status", "--json")
    assert status == 0
    found = json.loads(out)
    rows = {row["platform"]: row for row in found["rows"]}
    assert set(rows) == {f"linux/{one.architecture}" for one in machines.MACHINES} - {"linux/"}
    assert rows[f"linux/{machines.host().architecture}"]["state"] == "native"
    assert found["boot"] in {"systemd", "openrc", "none"}
    status, out, _ = run("status")
    assert status == 0
    assert out.splitlines()[0].split()[:3] == ["PLATFORM", "STATE", "HANDLER"]


@pytest.mark.real
def test_an_ordinary_user_may_look_at_the_plan() -> None:
    before = sorted(os.listdir("/proc/sys/fs/binfmt_misc"))
    status, out, err = run("setup", "--dry-run", "--no-persist", "m68k", "s390x")
    assert status == 0, err
    lines = out.splitlines()
    assert lines
    assert all(
        line.startswith("would ") or "already" in line or line == "nothing to change"
        for line in lines
    )
    assert sorted(os.listdir("/proc/sys/fs/binfmt_misc")) == before

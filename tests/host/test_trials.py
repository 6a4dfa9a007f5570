from __future__ import annotations

import os
from pathlib import Path

import pytest

from trimaran import elf, machines
from trimaran.emulation import probes
from trimaran.host import programs, trials
from trimaran.host.checks import Check
from trimaran.host.programs import Trial
from trimaran.host.trials import Lab

WITH_PROGRAM = (
    *("aarch64", "arm", "i386", "mips64el", "mipsel", "ppc64le", "riscv64", "s390x", "x86_64"),
)
# What a stand-in does with or without random addresses: personality(2), ADDR_NO_RANDOMIZE.
CRASHES_AT_RANDOM = """#!/bin/sh
read -r flags </proc/self/personality
case $flags in *4????) exit 0 ;; esac
kill -SEGV $$
"""


@pytest.mark.parametrize("name", WITH_PROGRAM)
def test_a_cpus_program_is_static_and_small(name: str) -> None:
    machine = machines.by_name(name)
    assert machine is not None
    facts = elf.read(programs.program(machine))
    assert facts is not None
    assert elf.fits(facts, machine)
    assert (facts.e_type, facts.interpreter) == (2, "")
    assert len(programs.program(machine)) < 1500


def test_this_machines_programs_can_do_everything(tmp_path: Path) -> None:
    host = machines.host()
    lab = Lab(tmp_path, "host", "here")
    assert trials.static(host, lab).state == "ok"
    checks = {check.name: check for check in trials.run_all(host, lab)}
    assert list(checks) == [trial.name for trial in programs.TRIALS]
    as_root = os.geteuid() == 0
    assert checks.pop("setuid").state == ("ok" if as_root else "not checked")
    assert {check.state for check in checks.values()} == {"ok"}, checks
    assert list(tmp_path.iterdir()) == []


def test_a_cpu_without_a_program_is_not_checked(tmp_path: Path) -> None:
    m68k = machines.by_name("m68k")
    assert m68k is not None
    checks = trials.run_all(m68k, Lab(tmp_path, "private", "m68k"))
    assert {(check.state, check.detail) for check in checks} == {
        ("not checked", "no program for m68k")
    }


def test_a_program_that_does_not_start_is_a_note_where_nothing_was_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "program", lambda _: b"\x7fELF")
    host = machines.host()
    assert trials.static(host, Lab(tmp_path, "host", "x", expected=False)).state == "note"
    failed = trials.static(host, Lab(tmp_path, "host", "linux/x"))
    assert (failed.state, failed.hint) == ("failed", "sudo trimaran host setup linux/x")


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("exit 3", "status 3 instead of 0"),
        ("echo no >&2; exit 1", "status 1 instead of 0: no"),
        ("kill -ILL $$", "killed by SIGILL"),
    ],
)
def test_a_wrong_result_is_told(
    script: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = _with_stand_in(f"#!/bin/sh\n{script}\n", tmp_path, monkeypatch)
    assert (check.state, check.detail) == ("failed", fault)
    assert "builds and runs of linux/x" in check.breaks


def test_a_crash_that_does_not_come_without_random_addresses_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = _with_stand_in(CRASHES_AT_RANDOM, tmp_path, monkeypatch)
    assert check.state == "note"
    assert check.detail == "killed by SIGSEGV, but not without address randomisation"


def _with_stand_in(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """One trial whose program is a script: run as an ordinary user's, not in a root of its own."""
    monkeypatch.setattr(programs, "program", lambda _: script.encode())
    monkeypatch.setattr("trimaran.host.trials.os.geteuid", lambda: 1000)
    trial = Trial("memory", ("memory",), times=2)
    (check,) = trials.run_all(machines.host(), Lab(folder, "private", "linux/x"), trials=[trial])
    return check

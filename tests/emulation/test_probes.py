from __future__ import annotations

from pathlib import Path

import pytest

from trimaran import machines
from trimaran.emulation import probes
from trimaran.machines import MACHINES, Machine


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_cpu_has_a_small_probe(machine: Machine) -> None:
    assert 100 < len(probes.program(machine)) < 256


def test_the_hosts_own_probe_runs(tmp_path: Path) -> None:
    with probes.scratch() as folder:
        assert probes.fault(machines.host(), folder) == ""
        assert list(folder.iterdir()) == []
    assert not folder.exists()


def test_a_probe_that_cannot_run_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "program", lambda _: b"\x7fELF")
    with probes.scratch() as folder:
        fault = probes.fault(machines.host(), folder)
    assert fault == "the kernel did not start its probe" or "Exec format error" in fault


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("exit 3", "its probe ended with status 3"),
        ("echo no", "its probe ended with status 0: no"),
        ("echo bad >&2; exit 1", "its probe ended with status 1: bad"),
        ("kill -11 $$", "its probe was killed by signal 11"),
        ("echo ok", ""),
    ],
)
def test_a_wrong_answer_is_told(script: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "program", lambda _: f"#!/bin/sh\n{script}\n".encode())
    monkeypatch.setattr("trimaran.emulation.probes.os.geteuid", lambda: 1000)
    with probes.scratch() as folder:
        assert probes.fault(machines.host(), folder) == fault

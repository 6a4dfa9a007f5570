"""A host of either usual CPU: what is native on one is emulated on the other, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trimaran import elf, machines, platforms
from trimaran.build import debian
from trimaran.emulation import find, handlers, judge, overrides, prepare, probes
from trimaran.emulation.support import Native
from trimaran.errors import HostError
from trimaran.executor import seccomp
from trimaran.host import doctor, programs, selection
from trimaran.machines import Machine
from trimaran.platforms import Platform

# uname's and QEMU's name, the OCI platform and Debian's name of a host; the CPU foreign to it.
HOSTS = {
    "x86_64": ("linux/amd64", "amd64", "aarch64"),
    "aarch64": ("linux/arm64", "arm64", "x86_64"),
}


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The row of a host that this machine pretends to be."""
    real = os.uname()
    pretended = os.uname_result((*real[:4], request.param))
    monkeypatch.setattr(os, "uname", lambda: pretended)
    return machines.host()


@pytest.fixture
def other(host: Machine) -> Machine:
    row = machines.by_name(HOSTS[host.name][2])
    assert row is not None
    return row


def test_the_host_knows_itself(host: Machine) -> None:
    platform, debian_name, _ = HOSTS[host.name]
    assert str(platforms.host()) == platform
    assert debian.architecture_of(platforms.host()) == debian_name
    assert host.architecture in {
        row.architecture for row in map(_machine, doctor.usual_platforms())
    }


def test_its_own_platform_is_native_and_nothing_is_mounted(host: Machine, tmp_path: Path) -> None:
    own = platforms.host()
    assert prepare.prepare([own], "", table=tmp_path / "no-table") == {own: Native()}
    assert not (tmp_path / "no-table").exists()


def test_it_takes_emulators_that_are_made_for_it(
    host: Machine, other: Machine, tmp_path: Path
) -> None:
    good, wrong = tmp_path / "qemu-riscv64-static", tmp_path / "qemu-s390x-static"
    good.write_bytes(probes.program(host))
    wrong.write_bytes(probes.program(other))
    assert find.fault(good, host) == ""
    assert find.fault(wrong, host) == f"{wrong} is not made for {host.name}"
    assert overrides.parse([str(good)], host) == {"riscv64": good}


def test_set_up_is_for_the_other_and_never_for_itself(host: Machine, other: Machine) -> None:
    rows = selection.select((), everything=True, host=host)
    assert other in rows
    assert host not in rows
    assert selection.select((other.name,), everything=False, host=host) == (other,)
    with pytest.raises(HostError, match=f"{host.name} is this machine's own CPU"):
        selection.select((host.architecture,), everything=False, host=host)


def test_a_handler_for_itself_is_judged_wrong(host: Machine, other: Machine) -> None:
    fine = judge.Interpreter(version=(7, 2))
    (good,) = handlers.for_machine(other, Path("/usr/bin/qemu"), "F")
    assert judge.faults(good, other, fine, host) == ()
    magic = b"\x7fELF"
    every = handlers.Handler("all", magic, b"", "/usr/bin/qemu", "F")
    assert any(f"own {host.name}" in fault for fault in judge.faults(every, other, fine, host))


def test_its_containers_are_confined(host: Machine) -> None:
    architectures = seccomp.profile(os.uname().machine)["architectures"]
    assert isinstance(architectures, list)
    assert architectures[0] == f"SCMP_ARCH_{host.name.upper()}"


def test_the_doctor_has_a_program_for_it(host: Machine) -> None:
    facts = elf.read(programs.program(host))
    assert facts is not None
    assert elf.fits(facts, host)


def _machine(platform: Platform) -> Machine:
    row = platform.machine
    assert row is not None
    return row

from __future__ import annotations

import os
import subprocess

import pytest

from trimaran import machines, platforms
from trimaran.emulation import find
from trimaran.emulation.cpus import cpu, quick_cpu
from trimaran.emulation.support import Emulator
from trimaran.machines import Machine
from trimaran.platforms import Platform

NEW = (99,)


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("arm/v5", (), "arm926"),
        ("arm/v6", (), "arm1176"),
        ("arm/v7", (7, 2), "cortex-a7"),
        ("arm/v8", NEW, ""),
        ("ppc64le", NEW, ""),
        ("ppc64le/power8", (), "power8"),
        ("amd64", NEW, ""),
        ("amd64/v2", (7, 1), ""),
        ("riscv64/rva22u64", (8, 2, 2), ""),
        ("riscv64/rva22u64", (9, 0, 0), "rva22u64"),
        ("arm64", NEW, ""),
    ],
)
def test_the_cpu_of_a_platform(name: str, version: tuple[int, ...], expected: str) -> None:
    assert cpu(platforms.parse(f"linux/{name}"), version) == expected


def test_levels_of_amd64_hold_those_below() -> None:
    second, third = (cpu(Platform("linux", "amd64", level), NEW) for level in ("v2", "v3"))
    assert third.startswith(second + ",")
    assert cpu(Platform("linux", "amd64", "v4"), NEW) == ""


@pytest.mark.real
@pytest.mark.parametrize(
    "platform",
    ["arm/v5", "arm/v6", "arm/v7", "ppc64le/power8", "ppc64le/power9", "ppc64le/power10"],
)
def test_the_emulator_has_the_cpu(platform: str) -> None:
    parsed = platforms.parse(f"linux/{platform}")
    emulator = _emulator(parsed.machine or machines.host())
    named = cpu(parsed, emulator.version).partition(",")[0]
    listed = subprocess.run([emulator.path, "-cpu", "help"], check=False, capture_output=True)
    assert named in listed.stdout.decode().split()


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("arm64", (7, 2), "max,pauth-impdef=on"),
        ("arm64", (5, 2), ""),
        ("arm64", (), ""),
        ("riscv64", NEW, ""),
        ("arm/v7", NEW, ""),
    ],
)
def test_pointers_of_arm64_are_signed_quickly(
    name: str, version: tuple[int, ...], expected: str
) -> None:
    assert quick_cpu(platforms.parse(f"linux/{name}"), version) == expected


@pytest.mark.real
@pytest.mark.parametrize(("level", "wanted"), [("v2", "x86-64-v2"), ("v3", "x86-64-v3")])
def test_a_level_of_amd64_is_that_level_and_no_more(level: str, wanted: str) -> None:
    """By what Debian's loader says, which is emulated even on a host of the same CPU."""
    if machines.host().name != "x86_64":
        pytest.fail("the test needs a loader of amd64; take another one here")
    emulator = _emulator(machines.host())
    named = cpu(Platform("linux", "amd64", level), emulator.version)
    done = subprocess.run(
        [emulator.path, "/lib64/ld-linux-x86-64.so.2", "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={"QEMU_CPU": named},
    )
    assert done.stderr == ""
    supported = [
        line.split()[0]
        for line in done.stdout.splitlines()
        if "-v" in line and "(supported" in line
    ]
    assert max(supported) == wanted


def _emulator(machine: Machine) -> Emulator:
    return find.emulators(machine, machines.host(), os.defpath)[0]

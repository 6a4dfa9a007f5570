from __future__ import annotations

import pytest
from tests.host.hosts import row

from trimaran.errors import HostError, PlatformError, UsageError
from trimaran.host import selection
from trimaran.machines import MACHINES

HOST = row("x86_64")


@pytest.mark.parametrize(
    ("name", "cpu"),
    [
        ("linux/arm64", "aarch64"),
        ("arm64", "aarch64"),
        ("linux/arm/v6", "arm"),
        ("m68k", "m68k"),
        ("linux/m68k", "m68k"),
        ("ppc64abi32", "ppc64abi32"),
        ("riscv64", "riscv64"),
        ("armhf", "arm"),
    ],
)
def test_a_platform_or_qemus_name(name: str, cpu: str) -> None:
    assert selection.parse(name) == row(cpu)


@pytest.mark.parametrize("name", ["mips", "x86", "z80", "linux/z80", ""])
def test_what_means_several_or_none_is_refused(name: str) -> None:
    with pytest.raises(PlatformError):
        selection.parse(name)


def test_without_names_every_platform_or_every_cpu() -> None:
    platforms = selection.select((), everything=False, host=HOST)
    everything = selection.select((), everything=True, host=HOST)
    assert len(everything) == len(MACHINES) - 1
    assert set(platforms) == {one for one in everything if one.architecture}
    assert HOST not in everything


def test_a_cpu_named_twice_counts_once() -> None:
    found = selection.select(("linux/arm/v6", "linux/arm/v7"), everything=False, host=HOST)
    assert found == (row("arm"),)


def test_the_hosts_own_cpu_is_refused_with_the_reason() -> None:
    with pytest.raises(HostError, match=r"own CPU.*ELOOP"):
        selection.select(("amd64",), everything=False, host=HOST)
    with pytest.raises(HostError, match="aarch64 is this machine's own CPU"):
        selection.select(("arm64",), everything=False, host=row("aarch64"))


def test_names_beside_all() -> None:
    with pytest.raises(UsageError):
        selection.select(("arm64",), everything=True, host=HOST)

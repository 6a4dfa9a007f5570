from __future__ import annotations

import os
from collections import Counter

import pytest

from trimaran import machines
from trimaran.machines import MACHINES, Machine


def test_names_and_architectures_are_unique() -> None:
    for values in (
        [machine.name for machine in MACHINES],
        [machine.architecture for machine in MACHINES if machine.architecture],
        [machine.debian for machine in MACHINES if machine.debian],
        [triplet for machine in MACHINES for triplet in machine.triplets],
    ):
        assert max(Counter(values).values()) == 1


def test_elf_headers_are_unique_but_for_the_abi_that_qemu_dropped() -> None:
    headers = Counter(
        (machine.elf_class, machine.big_endian, number, machine.e_flags)
        for machine in MACHINES
        if machine.name != "ppc64abi32"
        for number in machine.e_machines
    )
    assert max(headers.values()) == 1


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_row_is_sound(machine: Machine) -> None:
    assert machine.elf_class in (32, 64)
    assert machine.e_machines
    assert machine.uname_names
    mask, value = machine.e_flags
    assert value & ~mask == 0
    assert machines.by_name(machine.name) is machine
    if machine.architecture:
        assert machines.by_architecture(machine.architecture) is machine


def test_what_the_table_lacks() -> None:
    assert machines.by_name("z80") is None
    assert machines.by_architecture("") is None
    assert machines.by_architecture("z80") is None


def test_host_is_what_the_kernel_says() -> None:
    assert os.uname().machine in machines.host().uname_names


@pytest.mark.parametrize(
    ("uname", "big_endian", "name"),
    [
        ("x86_64", False, "x86_64"),
        ("i686", False, "i386"),
        ("armv7l", False, "arm"),
        ("armv8l", False, "arm"),
        ("mips64", True, "mips64"),
        ("mips64", False, "mips64el"),
        ("mips", False, "mipsel"),
        ("sparc64", True, "sparc64"),
        ("ppc64", True, "ppc64"),
        ("parisc64", True, "hppa"),
    ],
)
def test_by_uname(uname: str, big_endian: bool, name: str) -> None:
    assert machines.by_uname(uname, big_endian=big_endian).name == name


def test_an_unknown_uname_is_refused() -> None:
    with pytest.raises(LookupError, match="z80"):
        machines.by_uname("z80", big_endian=False)

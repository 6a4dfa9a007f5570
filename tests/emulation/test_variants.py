from __future__ import annotations

import struct
from pathlib import Path

import pytest

from trimaran import elf
from trimaran.emulation import handlers, probes, variants
from trimaran.machines import MACHINES, Machine, by_name

SAME_HEADER = {"ppc": {"ppc", "ppc64abi32"}, "ppc64abi32": {"ppc", "ppc64abi32"}}


EVERY_CPU = """
    aarch64 aarch64_be alpha arm armeb cris hexagon hppa i386 loongarch64 m68k microblaze
    microblazeel mips mips64 mips64el mipsel mipsn32 mipsn32el nios2 or1k ppc ppc64 ppc64abi32
    ppc64le riscv32 riscv64 s390x sh4 sh4eb sparc sparc32plus sparc64 tilegx x86_64 xtensa xtensaeb
"""


def test_the_table_has_every_target_that_qemus_user_mode_ever_had() -> None:
    assert [row.name for row in MACHINES] == EVERY_CPU.split()


def facts(header: bytes) -> elf.ElfFacts:
    """What elf.read says, of a file whose program headers are cut off: so their number is set 0."""
    cut = bytearray(header)
    struct.pack_into("<H", cut, 44 if len(header) == 52 else 56, 0)
    found = elf.read(bytes(cut))
    assert found is not None
    return found


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_entries_match_every_variant_of_their_own_files_and_of_no_others(machine: Machine) -> None:
    entries = handlers.for_machine(machine, Path("/qemu"), "F")
    for other in MACHINES:
        own = other.name in SAME_HEADER.get(machine.name, {machine.name})
        for variant in variants.all_variants(other):
            matched = sum(entry.matches(variant.header) for entry in entries)
            assert matched == (1 if own else 0), f"{other.name}, {variant.label}"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_variants_are_headers_of_the_cpu(machine: Machine) -> None:
    found = variants.all_variants(machine)
    assert len({one.label for one in variants.usual_variants(machine)}) * len(
        machine.e_machines
    ) == len(found)
    for one in found:
        assert elf.fits(facts(one.header), machine), one.label


def test_what_varies() -> None:
    mips = by_name("mips")
    arm = by_name("arm")
    assert mips is not None
    assert arm is not None
    headers = [one.header for one in variants.usual_variants(mips)]
    assert {header[8] for header in headers} == {0, 1, 3, 5}
    assert {header[7] for header in headers} == {0, 3}
    assert {facts(header).e_type for header in headers} == {2, 3}
    assert {one.header[7] for one in variants.usual_variants(arm)} == {0, 3, 97}


def test_both_numbers_of_microblaze() -> None:
    row = by_name("microblaze")
    assert row is not None
    numbers = {facts(one.header).e_machine for one in variants.all_variants(row)}
    assert numbers == {0xBD, 0xBAAB}
    usual = {facts(one.header).e_machine for one in variants.usual_variants(row)}
    assert usual == {0xBD} == {facts(probes.program(row)).e_machine}


def test_the_six_abis_of_mips_are_told_apart() -> None:
    rows = [row for row in MACHINES if row.name.startswith("mips")]
    assert len(rows) == 6
    assert not [row.name for row in rows if list(variants.twins(row))]


def test_only_one_pair_cannot_be_told_apart() -> None:
    found = {row.name: [twin.name for twin in variants.twins(row)] for row in MACHINES}
    assert {name: twins for name, twins in found.items() if twins} == {
        "ppc": ["ppc64abi32"],
        "ppc64abi32": ["ppc"],
    }

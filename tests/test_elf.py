from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import elf, machines
from trimaran.emulation import probes
from trimaran.machines import MACHINES, Machine


def dynamic(elf_class: int, order: str, loader: bytes) -> bytes:
    """An ELF file of one program header, PT_INTERP."""
    ident = b"\x7fELF" + bytes((elf_class // 32, "<>".index(order) + 1, 1)) + bytes(9)
    header_size, size = (52, 32) if elf_class == 32 else (64, 56)
    layout = "HHIIIIIHHHHHH" if elf_class == 32 else "HHIQQQIHHHHHH"
    fields = (3, 62, 1, 0, header_size, 0, 0, header_size, size, 1, 0, 0, 0)
    start = header_size + size
    rest = (start, 0, 0, len(loader), len(loader))
    program = (3, *rest, 4, 1) if elf_class == 32 else (3, 4, *rest, 1)
    program_layout = "IIIIIIII" if elf_class == 32 else "IIQQQQQQ"
    header = ident + struct.pack(order + layout, *fields)
    return header + struct.pack(order + program_layout, *program) + loader


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_probe_is_static_and_fits_its_cpu_alone(machine: Machine) -> None:
    facts = elf.read(probes.program(machine))
    assert facts is not None
    assert facts.interpreter == ""
    fitting = {row.name for row in MACHINES if elf.fits(facts, row)}
    same_header = {"ppc", "ppc64abi32"}
    assert fitting == (same_header if machine.name in same_header else {machine.name})


@pytest.mark.parametrize("elf_class", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_interpreter_is_read(elf_class: int, order: str) -> None:
    facts = elf.read(dynamic(elf_class, order, b"/lib/ld.so\xff\0"))
    assert facts is not None
    assert (facts.elf_class, facts.big_endian) == (elf_class, order == ">")
    assert facts.e_type == 3
    assert facts.interpreter == "/lib/ld.so\udcff"


@pytest.mark.parametrize("elf_class", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_cut_is_malformed(elf_class: int, order: str) -> None:
    whole = dynamic(elf_class, order, b"/lib/ld.so\0")
    cuts = {elf.read(whole[:length]) for length in range(len(whole))}
    assert cuts == {None}


def test_a_file_a_stream_and_bytes_say_the_same(tmp_path: Path) -> None:
    data = dynamic(64, "<", b"/lib64/ld.so\0")
    (tmp_path / "program").write_bytes(data)
    facts = elf.read(data)
    assert facts == elf.read(tmp_path / "program") == elf.read(io.BytesIO(data))


def test_this_interpreter_is_the_hosts() -> None:
    facts = elf.read(Path(sys.executable))
    assert facts is not None
    assert elf.machine_of(facts) == machines.host()


def test_what_has_no_row_has_no_machine() -> None:
    x32 = dynamic(32, "<", b"/lib/ld.so\0")
    facts = elf.read(x32)
    assert facts is not None
    assert elf.machine_of(facts) is None


def test_a_table_beyond_any_file_is_malformed(tmp_path: Path) -> None:
    data = bytearray(dynamic(64, "<", b"/lib/ld.so\0"))
    data[32:40] = b"\xff" * 8
    path = tmp_path / "program"
    path.write_bytes(data)
    assert elf.read(path) is None


@given(st.binary(max_size=200), st.integers(0, 1))
def test_no_bytes_are_too_odd(tail: bytes, order: int) -> None:
    for elf_class in (1, 2):
        elf.read(b"\x7fELF" + bytes((elf_class, order + 1, 1)) + tail)
    assert elf.read(tail[:3]) is None

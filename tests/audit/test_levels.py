"""Hostile and real ELF files: nothing malformed raises, real files say what they are."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audit.binaries import arm_attributes, elf_file, riscv_attributes, x86_note
from tests.audit.pictures import tar

from trimaran import elf
from trimaran.audit.levels import extensions, read_levels
from trimaran.audit.scan import scan_layer

SAMPLES = (
    elf_file("arm", attributes=arm_attributes(10, hard_float=True)),
    elf_file("riscv64", attributes=riscv_attributes("rv64i2p1_m2p0")),
    elf_file("amd64", note=x86_note(3), interpreter="/lib64/ld-linux-x86-64.so.2"),
    elf_file("s390x"),
)


def test_extensions_lose_their_versions() -> None:
    assert extensions("rv64i2p1_m2p0_zicsr2p0_zve32x1p0") == ("i", "m", "zicsr", "zve32x")
    assert extensions("") == ()


def test_a_note_of_another_kind_comes_first() -> None:
    build_id = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0" + bytes(20)
    file = elf_file("amd64", note=build_id + x86_note(4))
    facts = elf.read(file)
    assert facts is not None
    assert read_levels(io.BytesIO(file), facts).x86_level == 4


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_files_say_nothing_or_something_but_never_raise(
    sample: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(4, len(damaged) - 1))
        damaged[position] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    facts = scan_layer(iter([tar({"it": cut})]), "layer")
    assert len(facts.entries) == 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_attributes_of_any_bytes_end(content: bytes) -> None:
    file = elf_file("arm", attributes=b"A" + content)
    facts = elf.read(file)
    assert facts is not None
    read_levels(io.BytesIO(file), facts)

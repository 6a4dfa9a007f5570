"""Hostile and real ELF files: nothing malformed raises, real files say what they are."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audit.binaries import (
    arm_attributes,
    elf_file,
    go_information,
    go_program,
    riscv_attributes,
    x86_note,
)
from tests.audit.pictures import tar

from trimaran import elf
from trimaran.audit.golang import GoSearch
from trimaran.audit.levels import extensions, read_levels, writable_start
from trimaran.audit.scan import scan_layer

SAMPLES = (
    elf_file("arm", attributes=arm_attributes(10, hard_float=True)),
    elf_file("riscv64", attributes=riscv_attributes("rv64i2p1_m2p0")),
    elf_file("amd64", note=x86_note(3), interpreter="/lib64/ld-linux-x86-64.so.2"),
    elf_file("s390x"),
    go_program("arm", "GOARM=7"),
)
# What `GOARCH=arm GOARM=7 CGO_ENABLED=0 go build -ldflags='-s -w'` of Go 1.19.8 put into a program
# of one line.
GO = (
    b"\xff Go buildinf:\x04\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x08go1.19.8\xaa\x010w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6"
    b"path\tcommand-line-arguments\nbuild\t-compiler=gc\n"
    b'build\t-ldflags="-s -w"\nbuild\tCGO_ENABLED=0\nbuild\tGOARCH=arm\nbuild\tGOOS=linux\n'
    b"build\tGOARM=7\n\xf92C1\x86\x18 r\x00\x82B\x10A\x16\xd8\xf2"
)
EM_ARM = 40


def searched(data: bytes, piece_bytes: int, begins: int = 0) -> str:
    search = GoSearch(EM_ARM, begins)
    for start in range(0, len(data), piece_bytes):
        search.feed(data[start : start + piece_bytes])
    return search.level


def test_gos_build_information_is_what_go_writes() -> None:
    assert go_information("arm", "GOARM=7") == GO


@pytest.mark.parametrize("piece_bytes", [1, 7, 16, 100, 1 << 20])
def test_it_is_found_wherever_pieces_end(piece_bytes: int) -> None:
    assert searched(bytes(160) + GO + bytes(99), piece_bytes) == "7"
    assert searched(bytes(160) + GO + bytes(99), piece_bytes, 160) == "7"
    # Go's own tools hold the words that begin it.
    tool = bytes(16) + GO[:14] + b" and more text" * 4 + bytes(4) + GO[:16] + bytes(32) + GO
    assert searched(tool[:96] + bytes(-len(tool[:96]) % 16) + GO, piece_bytes) == "7"
    assert searched(bytes(8) + GO, piece_bytes) == ""
    assert searched(GO[:-40], piece_bytes) == ""


def test_writable_data_begins_where_the_program_header_says() -> None:
    for architecture, expected in (("arm", 52 + 2 * 32), ("arm64", 64 + 2 * 56), ("s390x", 176)):
        file = elf_file(architecture, writable=b"data", note=b"note" * 4)
        facts = elf.read(file)
        assert facts is not None
        assert writable_start(io.BytesIO(file), facts) == expected
        assert writable_start(io.BytesIO(file[:60]), facts) == 0


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

"""Which links a 64-bit ld does as one of 32 bits: on objects that a compiler makes."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.accelerator import linking
from trimaran.accelerator.answers import Emulate, Native
from trimaran.accelerator.calls import Call, judged
from trimaran.accelerator.linking import outgrows
from trimaran.accelerator.trees import Tree

LONG = "x" * 400
LONG_NAMES = "has symbols of long names, in whose order the linker's machine shows"


def small(name: str, *, local: bool = False, big_endian: bool = False, kind: int = 1) -> bytes:
    """A 32-bit object with one symbol: a header, strings, the symbol, three sections."""
    order = ">" if big_endian else "<"
    strings = b"\0" + name.encode() + b"\0"
    symbol = struct.pack(f"{order}IIIBBH", 1, 0, 0, 0 if local else 16, 0, 1)
    at = 52 + len(strings)
    start = at + len(symbol)
    identity = b"\x7fELF\x01" + bytes([2 if big_endian else 1, 1]) + bytes(9)
    header = struct.pack(f"{order}HHIIIIIHHHHHH", kind, 40, 1, 0, 0, start, 0, 52, 0, 0, 40, 3, 0)
    sections = ((0,) * 10, (0, 3, 0, 0, 52, len(strings), 0, 0, 1, 0))
    table = (*sections, (0, 2, 0, 0, at, len(symbol), 1, 0, 4, 16))
    packed = b"".join(struct.pack(f"{order}10I", *one) for one in table)
    return identity + header + strings + symbol + packed


def archive(*members: bytes) -> bytes:
    """An archive as ar(5) has it."""
    headers = (f"{'m.o/':<48}{len(content):<10}`\n".encode() for content in members)
    padded = (content + b"\n" * (len(content) % 2) for content in members)
    return b"!<arch>\n" + b"".join(map(bytes.__add__, headers, padded))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with objects and libraries, short ones and one that is long."""
    files = {
        "w/short.o": small("main"),
        "w/long.o": small(LONG),
        "w/local.o": small(LONG, local=True),
        "lib/libshort.a": archive(small("one"), b"odd", small("two")),
        "lib/liblong.a": archive(small("one"), b"odd", small(LONG)),
        "lib/libboth.a": archive(small(LONG)),
        "lib/libboth.so": small(LONG, kind=3) + b".gnu.lto_",
        "lib/libscript.so": b"/* GNU ld script */ GROUP ( /lib/libshort.a liblong.a )",
        "lib/libodd.a": archive(small("one"))[:56] + b"?" * 99,
        "lib/libback.a": b"!<arch>\n" + f"{'m.o/':<48}{-60:<10}`\n".encode(),
        "lib/script": b"INPUT(gone.a)",
        "lib/libthin.a": b"!<thin>\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("-o a -m elf short.o local.o -L/lib -lshort --as-needed -lboth", ""),
        ("short.o long.o", f"long.o {LONG_NAMES}"),
        ("/lib/liblong.a", f"liblong.a {LONG_NAMES}"),
        ("-L/lib -llong", f"liblong.a {LONG_NAMES}"),
        ("-L/nowhere -L/lib -l:liblong.a", f"liblong.a {LONG_NAMES}"),
        ("-static -L/lib -lboth", f"libboth.a {LONG_NAMES}"),
        ("-Bstatic -Bdynamic -L/lib -lboth", ""),
        ("-L../lib -lscript", f"libscript.so names liblong.a, which {LONG_NAMES}"),
        ("-L/lib -lthin", "libthin.a is an archive of names alone"),
        ("-L/lib -lnothing", "-lnothing is not found"),
        ("no-such.o", ""),
        ("-L../lib -lodd", "libodd.a is damaged"),
        ("-L../lib -lback", "libback.a is damaged"),
        ("-T ../lib/script", "script names gone.a, which is not found"),
    ],
)
def test_a_link_of_long_names_is_emulated(root: Path, arguments: str, reason: str) -> None:
    with Tree(root) as tree:
        assert linking.refusal(tree, "/w", arguments.split()) == reason
    call = Call(root, "/w", ("ld", *arguments.split()), ())
    native = Native("/usr/bin/ld", "kit", "binutils 2", (), calls="ld")
    found = judged(native, call)
    assert (found.reason if isinstance(found, Emulate) else "") == reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (small(LONG, big_endian=True), LONG_NAMES),
        (small("main", big_endian=True), ""),
        (small("main")[:-20], "is damaged"),
        (small("main")[:60], "is damaged"),
        (small("\1" * 5000), LONG_NAMES),
        (b"BC\xc0\xde", "has code that is compiled when it is linked"),
        (small("main") + b".gnu.lto_.opts", "has code that is compiled when it is linked"),
        (b"", ""),
    ],
)
def test_what_an_object_may_be(root: Path, content: bytes, reason: str) -> None:
    (root / "w/other.o").write_bytes(content)
    with Tree(root) as tree:
        assert linking.refusal(tree, "/w", ["other.o"]) == (f"other.o {reason}" if reason else "")


def hashed(name: bytes, bits: int) -> int:
    """`bfd_hash_hash` of binutils, for an unsigned long of so many bits."""
    mask, value = (1 << bits) - 1, 0
    for number in (*name, len(name)):
        value = (value + number + (number << 17)) & mask
        value ^= value >> 2
    return value


@given(st.binary(max_size=300))
def test_what_does_not_outgrow_has_the_same_hash(name: bytes) -> None:
    if not outgrows(name):
        assert hashed(name, 32) == hashed(name, 64)


def test_names_as_they_are_in_c_do_not_outgrow() -> None:
    assert not outgrows(b"pthread_mutexattr_setprioceiling")
    assert outgrows(LONG.encode())


def test_the_assemblers_own_objects_are_read(tmp_path: Path) -> None:
    source = tmp_path / "a.s"
    source.write_text(f".globl main\nmain:\n.globl {LONG}\n{LONG}: .long 1\nlocal{LONG}: .long 2\n")
    subprocess.run(["as", "--32", source, "-o", tmp_path / "a.o"], check=True)
    with Tree(tmp_path) as tree:
        assert linking.refusal(tree, "/", ["a.o"]) == f"a.o {LONG_NAMES}"
    source.write_text(f".globl main\nmain:\nlocal{LONG}: .long 2\n")
    subprocess.run(["as", "--32", source, "-o", tmp_path / "b.o"], check=True)
    with Tree(tmp_path) as tree:
        assert linking.refusal(tree, "/", ["b.o"]) == ""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.snippets import run_snippet

from trimaran.emulation import handlers, probes
from trimaran.emulation.handlers import Handler
from trimaran.errors import HostError
from trimaran.machines import MACHINES, Machine, by_name

QEMU = Path("/usr/bin/qemu-T")


def row(name: str) -> Machine:
    found = by_name(name)
    assert found is not None
    return found


def handler(name: str) -> Handler:
    return handlers.for_machine(row(name), QEMU, "PCF")[0]


def test_magic_and_mask_of_a_little_endian_cpu() -> None:
    found = handler("aarch64")
    assert found.name == "trimaran-aarch64"
    assert found.magic.hex() == "7f454c460201010000000000000000000200b700"
    assert found.mask.hex() == "ffffffffffffff0000fffffffffffffffeffffff"


def test_magic_and_mask_with_flags() -> None:
    found = handler("mipsn32")
    assert found.magic.hex() == "7f454c46010201" + "00" * 9 + "0002000800000001" + "0" * 30 + "20"
    assert found.mask.hex() == (
        "ffffffffffffff0000ffffffffffffff" + "fffeffffffffffff" + "00" * 12 + "00000020"
    )


def test_a_cpu_with_two_numbers_has_two_entries() -> None:
    first, second = handlers.for_machine(row("microblaze"), QEMU, "F")
    assert (first.name, second.name) == ("trimaran-microblaze", "trimaran-microblaze-baab")
    assert (first.magic[18:20].hex(), second.magic[18:20].hex()) == ("00bd", "baab")


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_an_entry_matches_its_own_probe_alone(machine: Machine) -> None:
    entries = handlers.for_machine(machine, QEMU, "F")
    matched = {
        other.name
        for other in MACHINES
        if any(entry.matches(probes.program(other)) for entry in entries)
    }
    same_header = {"ppc", "ppc64abi32"}
    assert matched == (same_header if machine.name in same_header else {machine.name})


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_abi_name_abi_version_and_pie_do_not_matter(machine: Machine) -> None:
    first = handlers.for_machine(machine, QEMU, "F")[0]
    header = bytearray(probes.program(machine))
    header[7], header[8] = 97, 5
    struct.pack_into(">H" if machine.big_endian else "<H", header, 16, 3)
    assert first.matches(bytes(header))
    struct.pack_into(">H" if machine.big_endian else "<H", header, 16, 1)
    assert not first.matches(bytes(header)), "an object file is no program"


def test_a_short_file_matches_nothing() -> None:
    assert not handler("arm").matches(b"\x7fELF")
    assert not handler("arm").matches(b"")


def test_line() -> None:
    plain = Handler("x", b"\x7f:", b"\xff\x0f", "/q", "F")
    assert plain.line() == ":x:M:0:\\x7f\\x3a:\\xff\\x0f:/q:F"
    assert replace(plain, interpreter="/a:b").line() == "|x|M|0|\\x7f\\x3a|\\xff\\x0f|/a:b|F"
    assert len(handler("mips").line()) < 1920, "the kernel's limit of a line"
    with pytest.raises(HostError, match="too odd"):
        replace(plain, interpreter="/:|;,!").line()


SHOWN = """enabled
interpreter /usr/bin/my qemu
flags: OCF
offset 4
magic 7f45
mask fffe
"""


def test_parse() -> None:
    expected = Handler("n", b"\x7fE", b"\xff\xfe", "/usr/bin/my qemu", "OCF", 4)
    assert handlers.parse("n", SHOWN) == expected
    disabled = handlers.parse("n", SHOWN.replace("enabled", "disabled"))
    assert disabled == replace(expected, enabled=False)
    assert handlers.parse("n", "enabled\ninterpreter /x\nflags: \nextension .exe\n") is None
    assert handlers.parse("n", "") is None


def test_parse_without_a_mask_compares_every_bit() -> None:
    found = handlers.parse("n", "enabled\ninterpreter /x\nflags: \noffset 0\nmagic cafe\n")
    assert found is not None
    assert found.matches(b"\xca\xfe!")
    assert not found.matches(b"\xca\xff!")
    assert found.flags == ""


@given(st.binary(min_size=1, max_size=8), st.binary(max_size=12), st.integers(0, 4))
def test_matches_as_the_kernel_compares(magic: bytes, data: bytes, offset: int) -> None:
    found = Handler("n", magic, b"", "/x", "", offset)
    assert found.matches(data) is (data[offset : offset + len(magic)] == magic)


@pytest.mark.parametrize(
    ("change", "static", "fault"),
    [
        ({}, True, ""),
        ({"enabled": False}, True, "the handler trimaran-arm is disabled"),
        ({"flags": "OC"}, True, "lacks flag F"),
        ({}, False, "/usr/bin/qemu-T, which is not static"),
    ],
)
def test_fault(change: dict[str, object], static: bool, fault: str) -> None:
    judged = replace(handler("arm"), **change)  # type: ignore[arg-type]
    found = handlers.fault(judged, interpreter_is_static=static)
    assert fault in found
    assert bool(found) == bool(fault)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_line_is_read_back(machine: Machine) -> None:
    for one in handlers.for_machine(machine, QEMU, "PF"):
        assert handlers.parse_line(one.line()) == one


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r":q:M::\x7fELF\x02:\xff\xff\xff\xff\xff:/q:OC", b"\x7fELF\x02"),
        (",q,M,4,ab,,/a:b,", b"ab"),
        (":q:E::exe::/q:", None),
        (":q:M", None),
        (":q:M:x:ab::/q:", None),
        ("", None),
    ],
)
def test_parse_line(line: str, expected: bytes | None) -> None:
    found = handlers.parse_line(line)
    assert (found.magic if found else None) == expected


def test_same_is_what_the_kernel_does_with_files() -> None:
    one = handler("arm")
    assert handlers.same(one, replace(one, name="other"))
    assert handlers.same(one, replace(one, flags="FPOC"))  # the kernel adds O to C
    assert handlers.same(one, replace(one, magic=one.magic[:7] + b"\x61" + one.magic[8:]))
    assert not handlers.same(one, replace(one, flags="PF"))
    assert not handlers.same(one, replace(one, enabled=False))
    assert not handlers.same(one, replace(one, interpreter="/other"))


@pytest.mark.real
def test_entries_are_listed_as_the_kernel_tries_them() -> None:
    """Two for the same files: the newest runs, and is the first of the list."""
    found = run_snippet(
        """
    from pathlib import Path
    from trimaran import machines
    from trimaran.emulation import handlers, probes
    from trimaran.linux import mounts, namespaces, process
    from dataclasses import replace
    namespaces.enter()
    table = Path("/proc/sys/fs/binfmt_misc")
    mounts.BinfmtMisc(table).execute()
    with probes.scratch() as folder:
        good, bad = folder / "good", folder / "bad"
        good.write_bytes(probes.program(machines.host()))
        bad.write_text("#!/bin/false\\n")
        good.chmod(0o755)
        bad.chmod(0o755)
        tilegx = machines.by_name("tilegx")
        entry = handlers.for_machine(tilegx, good, "F")[0]
        results = []
        for name, path in (("a", good), ("b", bad), ("c", good), ("a", bad)):
            if (table / name).exists():
                handlers.unregister(table, name)
            handlers.register(table, replace(entry, name=name, interpreter=str(path)))
            names = [one.name for one in handlers.entries(table)]
            results.append([names, probes.fault(tilegx, folder) == ""])
    answer(results)
    """
    )
    assert found == [
        [["a"], True],
        [["b", "a"], False],
        [["c", "b", "a"], True],
        [["a", "c", "b"], False],
    ]


def test_read_all(tmp_path: Path) -> None:
    assert handlers.read_all(tmp_path) == ()
    (tmp_path / "status").write_text("enabled\n")
    (tmp_path / "register").write_text("")
    (tmp_path / "qemu-x").write_text(SHOWN)
    (tmp_path / "exe").write_text("enabled\ninterpreter /x\nflags: \nextension .exe\n")
    assert [one.name for one in handlers.read_all(tmp_path)] == ["qemu-x"]
    (tmp_path / "status").write_text("disabled\n")
    assert handlers.read_all(tmp_path) == ()


def test_register_tells_why_not(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"cannot register /usr/bin/qemu-T .*: No such file"):
        handlers.register(tmp_path / "none", handler("arm"))
    with pytest.raises(HostError, match=r"cannot remove arm .*: No such file"):
        handlers.unregister(tmp_path / "none", "arm")

"""The interpreter's file, and the real one in a private table of handlers."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.accelerator import interpreter_scenarios as scenarios
from tests.accelerator import timing
from tests.support.busybox import busybox
from tests.support.inside import USERS, run_inside
from tests.support.users import ordinary_folder

from trimaran import elf, machines
from trimaran.accelerator import interpreter
from trimaran.emulation import find, probes
from trimaran.errors import HostError

Play = Callable[..., Any]
HOST = [0, f"{machines.host().uname_names[0]}\n"]
FOREIGN = [0, "aarch64\n"]


@pytest.fixture
def folder() -> Iterator[Path]:
    with ordinary_folder() as path:
        yield path


@pytest.fixture(params=USERS)
def play(request: pytest.FixtureRequest, folder: Path) -> Play:
    room = (folder, busybox("arm64"), busybox(machines.host().debian))
    return lambda scenario, *more: run_inside(scenario, request.param, *room, *more)


@pytest.fixture
def inside(folder: Path) -> Play:
    """As `play`, for what no user's rights change."""
    room = (folder, busybox("arm64"), busybox(machines.host().debian))
    return lambda scenario, *more: run_inside(scenario, "ordinary", *room, *more)


def test_it_is_built() -> None:
    assert interpreter.available()


def test_its_copy_is_an_emulator_still(tmp_path: Path) -> None:
    emulator, copy = tmp_path / "qemu", tmp_path / "copy"
    emulator.write_bytes(probes.program(machines.host()))
    interpreter.write(copy, folder_dev=1, folder_ino=2, emulator=emulator)
    facts = elf.read(copy)
    assert facts is not None
    assert elf.fits(facts, machines.host())
    assert subprocess.run([copy], check=True, capture_output=True).stdout == b"ok\n"


@pytest.mark.real
def test_a_copy_of_any_static_program_does_what_it_did(tmp_path: Path) -> None:
    """Of one that is linked for one address, and of one for any, as QEMU comes."""
    arm = machines.by_name("arm")
    assert arm is not None
    qemu = find.emulators(arm, machines.host(), os.defpath)[0].path
    for program in (busybox(machines.host().debian), qemu):
        copy = tmp_path / program.name
        interpreter.write(copy, folder_dev=1, folder_ino=2, emulator=program)
        said = [
            subprocess.run([one, "--help"], check=True, capture_output=True).stdout
            for one in (program, copy)
        ]
        assert said[0].replace(bytes(program), b"") == said[1].replace(bytes(copy), b"")


def test_the_tables_own_place_is_told_where_musl_looks_for_it(tmp_path: Path) -> None:
    program = bytearray(probes.program(machines.host()))
    start, (count,) = 64, struct.unpack_from("<H", program, 56)
    row = struct.pack("<IIQQQQQQ", 6, 4, 64, 0x400040, 0x400040, 112, 112, 8)  # PT_PHDR
    program[start:start] = row
    struct.pack_into("<H", program, 56, count + 1)
    (tmp_path / "musl").write_bytes(program)
    interpreter.write(tmp_path / "i", folder_dev=1, folder_ino=2, emulator=tmp_path / "musl")
    written = (tmp_path / "i").read_bytes()
    (table,) = struct.unpack_from("<Q", written, 32)
    rows = list(struct.iter_unpack("<IIQQQQQQ", written[table : table + 56 * (count + 2)]))
    assert rows[0][0] == 6
    assert rows[0][2:4] == rows[-1][2:4]
    assert rows[0][2] == table


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"#!/bin/sh\n", bytes(200)])
def test_what_is_no_emulator_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "qemu").write_bytes(content)
    with pytest.raises(HostError, match="qemu is no emulator that native stand-ins can be"):
        interpreter.write(tmp_path / "i", folder_dev=1, folder_ino=2, emulator=tmp_path / "qemu")
    assert not (tmp_path / "i").exists()


def test_without_a_compiler_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "_PROGRAMS", tmp_path / "none")
    assert not interpreter.available()
    with pytest.raises(HostError, match="without its native programs") as error:
        interpreter.told("aarch64", "/bin/x")
    assert "C compiler" in error.value.hint


def library(folder: Path, machine: str, program: str) -> Path:
    (folder / "told.so").write_bytes(interpreter.told(machine, program))
    return folder / "told.so"


def test_uname_is_told(tmp_path: Path) -> None:
    fields = ctypes.create_string_buffer(6 * 65)
    assert ctypes.CDLL(str(library(tmp_path, "ppc64le", "/x"))).uname(fields) == 0
    parts = [fields.raw[at : at + 65].rstrip(b"\0").decode() for at in range(0, 6 * 65, 65)]
    assert parts[:5] == [*os.uname()[:4], "ppc64le"]


@pytest.mark.parametrize(("machine", "program"), [("m" * 65, "/x"), ("m", "/" * 4096)])
def test_what_the_kernel_would_not_say_is_refused(machine: str, program: str) -> None:
    with pytest.raises(ValueError, match=program):
        interpreter.told(machine, program)


def test_its_own_path_is_told_and_no_other(tmp_path: Path) -> None:
    told = ctypes.CDLL(str(library(tmp_path, "s390x", "/usr/bin/cmake")), use_errno=True)

    def read(path: str, size: int = 100) -> bytes:
        found = ctypes.create_string_buffer(100)
        length = told.readlink(path.encode(), found, size)
        return found.raw[:length] if length >= 0 else os.strerror(ctypes.get_errno()).encode()

    own = ("self", "thread-self", str(os.getpid()))
    assert {read(f"/proc/{name}/exe") for name in own} == {b"/usr/bin/cmake"}
    assert read("/proc/self/exe", 4) == b"/usr"
    assert read("/proc/self/cwd") == os.fsencode(Path.cwd())
    with subprocess.Popen(["sleep", "60"]) as child:  # a parent may be another user's
        other = f"/proc/{child.pid}/exe"
        assert read(other) == os.readlink(os.fsencode(other))
        child.kill()
    assert read("/nowhere") == b"No such file or directory"


@pytest.mark.real
def test_a_loader_preloads_it_for_one_program(tmp_path: Path) -> None:
    told = library(tmp_path, "s390x", "/bin/its own")
    uname, readlink = (Path(shutil.which(name) or "") for name in ("uname", "readlink"))
    facts = elf.read(uname.resolve())
    assert facts is not None
    words = (facts.interpreter, "--preload", told)
    found = subprocess.run((*words, uname, "-s", "-m"), check=True, capture_output=True)
    assert found.stdout == b"Linux s390x\n"
    found = subprocess.run((*words, readlink, "/proc/self/exe"), check=True, capture_output=True)
    assert found.stdout == b"/bin/its own\n"


@pytest.mark.real
def test_an_unknown_program_runs_as_in_qemu_alone(play: Play) -> None:
    plain = play(scenarios.plain)
    found = plain["found"]
    assert found["machine"] == FOREIGN
    assert found["unreadable"] == [0, "unreadable\n"]
    assert [found[name][0] for name in ("user", "setuid")] == [1000 & 255, 0]
    assert [found[name][0] for name in ("not capable", "capable")] == [1000 & 255, 5]
    assert found["without a path"] == found["deleted"] == [0, "gone\n"]
    assert play(scenarios.emulated) == plain
    assert play(scenarios.another) == plain


@pytest.mark.real
def test_a_stand_in_takes_its_place(play: Play) -> None:
    assert play(scenarios.native) == {
        "machine": HOST,
        "argv0": [0, "-sh\n"],
        "status": [7, ""],
        "signal": [-9, ""],
        "descriptors": [0, "4\n"],
        "at once": [0, ""],
        "counted": {"8": 6 + 40},
    }


@pytest.mark.real
def test_a_program_that_gains_rights_stays_emulated(play: Play) -> None:
    found = play(scenarios.with_rights)
    assert (found["setuid"][0], found["able"][0]) == (0, 5)
    assert found["before"] == {}
    assert found["closed"] == HOST
    assert found["counted"] == {"8": 1}


@pytest.mark.real
@pytest.mark.parametrize("architecture", ["armhf", "i386", "ppc64el", "s390x"])
def test_it_serves_other_cpus(folder: Path, architecture: str) -> None:
    machine = next(one for one in machines.MACHINES if one.debian == architecture)
    room = (folder, busybox(architecture), busybox(machines.host().debian))
    emulated, native = run_inside(scenarios.of_a_cpu, "self", *room, machine.name)
    assert emulated[0] == native[0] == 2
    assert emulated[1].strip() in machine.uname_names
    assert native[1] == HOST[1]


# Fields, words, environment; what is printed, natively or not at all.
SHOWN = ("xkit/base/bin/busybox", *scenarios.SHOW)
ARGUMENTS: list[tuple[tuple[str, ...], list[str], str]] = [
    (("0", "*"), ["zero", "a", "", "b c"], "[a][][b c]"),
    (("a0", "0", "*"), ["zero", "a"], "[zero][a]"),
    (("a0", "afirst", "*", "alast", "a"), ["zero", "a"], "[first][a][last][]"),
    (("a0", "rb\1changed\1x", "*"), ["0", "a", "b", "bb"], "[a][changed\1x][bb]"),
    (("a0", "pb=\1/kit/", "*"), ["0", "b=x", "b", "b=", "ab="], "[/kit/x][b][/kit/][ab=]"),
    (("a0", "db", "*"), ["0", "b", "a", "bb", "b"], "[a][bb]"),
    (("a0", "db", "rb\1c", "pb\1d", "*"), ["0", "b", "bb"], "[db]"),
    (("a0", "rb\1", "rc\1d", "*"), ["0", "b", "c"], "[][d]"),
    (("a0", "*", "rb\1c", "*"), ["0", "b"], "[b][c]"),
    (("a0",), ["0", "b"], ""),
    (("a0", "fb\1c\1x", "*", "fa\1d"), ["0", "b", "a", "bb", "b"], "[b][c\1x][a][bb][b][c\1x]"),
    (("a0", "ib,x", "fa\1d", "*", "ob,x", "anone", "o", "aend"), ["0", "a", "b"], "[a][d][b][end]"),
    (("a0", "i-c*", "anone", "o-c*", "aone", "i", "anone"), ["-c", "a"], "[one]"),
]


@pytest.mark.real
def test_the_words_of_a_stand_in(inside: Play) -> None:
    cases: list[Any] = [((*SHOWN, *fields), words, {}) for fields, words, _ in ARGUMENTS]
    found = inside(scenarios.table, repr(cases))
    shown = ["".join(done[1].splitlines()) for done, _ in found]
    assert shown == [expected for _, _, expected in ARGUMENTS]
    assert [raised for _, raised in found] == [[8]] * len(cases)


ENVIRONMENTS: list[tuple[tuple[str, ...], dict[str, str], set[str]]] = [
    ((), {"A": "1", "B": "2"}, {"A=1", "B=2"}),
    (("eA=x=y", "eC="), {"A": "1", "B": "2"}, {"A=x=y", "B=2", "C="}),
    (("uA", "uC"), {"A": "1", "AB": "2"}, {"AB=2"}),
    (("uA", "eA=3"), {"A": "1"}, {"A=3"}),
]


@pytest.mark.real
def test_the_environment_of_a_stand_in(inside: Play) -> None:
    cases: list[Any] = [
        (("xkit/base/bin/busybox", "aenv", *fields), ["x"], before)
        for fields, before, _ in ENVIRONMENTS
    ]
    found = inside(scenarios.table, repr(cases))
    assert [set(done[1].split("\n")[:-1]) for done, _ in found] == [
        after for _, _, after in ENVIRONMENTS
    ]


# A condition, words, environment, and whether the call is native.
CONDITIONS: list[tuple[str, list[str], dict[str, str], bool]] = [
    ("nb", ["echo", "a", "b"], {}, False),
    ("nb", ["b", "bb", "xb"], {}, True),
    ("n", ["echo", ""], {}, False),
    ("m-b", ["echo", "a", "-bc"], {}, False),
    ("m-b", ["-b", "-", "a-b"], {}, True),
    ("gb", ["echo", "b"], {}, True),
    ("gb", ["b", "bb"], {}, False),
    ("tb", ["b", "b", "a", "b"], {}, False),
    ("tb", ["b", "b", "a", "bb"], {}, True),
    ("w.h", ["echo", "a.h"], {}, False),
    ("w.h", ["a.h", ".hh", "h", "a.h.c"], {}, True),
    ("becho", ["echo", "a"], {}, False),
    ("becho", ["/x/y/echo"], {}, False),
    ("becho", ["echo/x", "echo"], {}, True),
    ("qA=1", ["echo"], {"A": "1"}, True),
    ("qA=1", ["echo"], {"A": "11"}, False),
    ("qA=1", ["echo"], {}, False),
    ("zA", ["echo"], {"A": ""}, False),
    ("hA", ["echo"], {"A": "1"}, True),
    ("hA", ["echo"], {"A": ""}, False),
    ("hA", ["echo"], {"B": "1"}, False),
    ("zA", ["echo"], {"AB": "1", "B": "A=1"}, True),
    ("L", ["echo"], {}, True),
    ("L", ["echo"], {"LANG": "C.UTF-8"}, False),
    ("L", ["echo"], {"LANG": "POSIX", "LC_ALL": ""}, True),
    ("L", ["echo"], {"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, True),
    ("L", ["echo"], {"LC_ALL": "de_DE"}, False),
    ("L", ["echo"], {"LC_COLLATE": "de_DE", "LANG": "C"}, False),
    ("L", ["echo"], {"LC_COLLATE": "C", "LC_X": ""}, True),
    ("U", ["echo"], {"LANG": "de_DE.UTF-8", "LC_TIME": "C.utf8"}, True),
    ("U", ["echo"], {"LANG": "de_DE.UTF-8", "LC_TIME": "de_DE"}, False),
]


@pytest.mark.real
def test_a_condition_keeps_a_call_emulated(inside: Play) -> None:
    cases: list[Any] = [((one, *SHOWN, "0"), words, before) for one, words, before, _ in CONDITIONS]
    found = inside(scenarios.table, repr(cases))
    assert [raised for _, raised in found] == [[8 if last else 9] for *_, last in CONDITIONS]


@pytest.mark.real
def test_a_script_has_an_answer_of_its_own(inside: Play) -> None:
    assert inside(scenarios.scripts) == {
        "/a x": [[0, "[/a]\n[x]\n"], [10]],
        "-e -ofoo a": [[0, "[-e]\n[-ofoo]\n[a]\n"], [10]],
        "-x /a": [[0, "+ echo emulated /a\nemulated /a\n"], [9]],
        "/b": [[0, "emulated /b\n"], [12]],
        "/c": [[0, "emulated /c\n"], [9]],
        "/none": [[2, "sh: can't open '/none': No such file or directory\n"], [9]],
        "/pipe": [[3, "piped\n"], [9]],
        "-e -m mod y": [[0, "[-e]\n[-m]\n[mod]\n[y]\n"], [10]],
        **{
            f"-m {name}": [[2, f"sh: can't open '{name}': No such file or directory\n"], [9]]
            for name in ("mo", "model", "gone")
        },
        "-m": [[0, "sh: can't access tty; job control turned off\n"], [9]],
    }


@pytest.mark.real
def test_a_build_is_asked(play: Play) -> None:
    found = play(scenarios.asking)
    program, script = found["keys"]
    assert found["questions"] == [
        [["/bin/busybox", "sh"], [program]],
        [["/bin/busybox", "sh"], [program]],
        [["/bin/busybox", "sh", "/script"], [program, script]],
    ]
    assert found["found"].pop("native") == HOST
    assert set(map(tuple, found["found"].values())) == {tuple(FOREIGN)}
    assert (found["without"], found["script"]) == (FOREIGN, [0, "emulated\n"])
    assert (found["worker"], found["dead"]) == (HOST, FOREIGN)
    assert found["long name"] == 127, "longer than a question: emulated, where no applet has it"
    alone, emulated, native = found["descriptors"]
    assert (alone, native) == (emulated, "4\n")
    assert found["counted"] == {"0": 3, "2": 3, "5": len(scenarios.outside()), "7": 1}


@pytest.mark.real
def test_argument_lists_up_to_the_kernels_limit(inside: Play) -> None:
    found = inside(scenarios.limits)
    assert found["long"] == found["bigger"] == [0, True]
    assert found["many"] == [0, 200_000]
    assert found["environment"] == [0, 10_001]  # and BIG
    assert "8" in found["native"]
    assert "11" in found["counted"], "the longer one does not fit any more"


@pytest.mark.real
def test_damaged_files_of_the_build_mean_qemu(inside: Play) -> None:
    found = inside(scenarios.damaged)
    assert found["last"] == FOREIGN
    assert found["edge"] == [HOST, {"8190": 1}]
    assert (found["cut"], found["empty"]) == (HOST, FOREIGN)
    assert (found["full"], found["longer"]) == (HOST, FOREIGN)


@pytest.mark.real
def test_it_adds_less_than_a_millisecond() -> None:
    _, added = timing.added_us(5)
    assert set(added) == {"QEMU, answer known", "QEMU, build asked", "native, answer known"}
    assert max(added.values()) < 1000

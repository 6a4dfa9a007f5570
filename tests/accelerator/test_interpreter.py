"""The interpreter's file, and the real one in a private table of handlers."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.accelerator import interpreter_scenarios as scenarios
from tests.support.busybox import busybox
from tests.support.inside import USERS, run_inside
from tests.support.users import ordinary_folder

from trimaran import elf, machines
from trimaran.accelerator import interpreter
from trimaran.emulation import probes
from trimaran.errors import HostError

Play = Callable[..., Any]


@pytest.fixture(params=USERS)
def play(request: pytest.FixtureRequest) -> Iterator[Play]:
    with ordinary_folder() as folder:
        room = (folder, busybox("arm64"), busybox(machines.host().debian))
        yield lambda scenario: run_inside(scenario, request.param, *room)


def test_it_is_built() -> None:
    assert interpreter.available()


def test_its_copy_is_an_emulator_still(tmp_path: Path) -> None:
    emulator, copy = tmp_path / "qemu", tmp_path / "copy"
    emulator.write_bytes(probes.program(machines.host()))
    interpreter.write(copy, folder_dev=1, folder_ino=2, emulator=emulator)
    facts = elf.read(copy)
    assert facts is not None
    assert elf.fits(facts, machines.host())
    assert os.access(copy, os.X_OK)


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
        interpreter.told(tmp_path / "told.so", "aarch64")
    assert "C compiler" in error.value.hint


def test_uname_is_told(tmp_path: Path) -> None:
    interpreter.told(tmp_path / "told.so", "ppc64le")
    fields = ctypes.create_string_buffer(6 * 65)
    assert ctypes.CDLL(str(tmp_path / "told.so")).uname(fields) == 0
    parts = [fields.raw[at : at + 65].rstrip(b"\0").decode() for at in range(0, 6 * 65, 65)]
    assert parts[:5] == [*os.uname()[:4], "ppc64le"]
    with pytest.raises(ValueError, match="m"):
        interpreter.told(tmp_path / "told.so", "m" * 65)


@pytest.mark.real
def test_an_unknown_program_runs_as_in_qemu_alone(play: Play) -> None:
    assert play(scenarios.emulated) == play(scenarios.plain)


@pytest.mark.real
def test_a_stand_in_takes_its_place(play: Play) -> None:
    found = play(scenarios.native)
    host = machines.host().uname_names[0]
    assert found["machine"] == [0, f"{host}\n"]
    assert found["argv0"] == [0, "-sh\n"]
    assert found["status"] == [7, ""]
    assert found["descriptors"] == [0, "4\n"]
    assert found["counted"] == {"8": 4}

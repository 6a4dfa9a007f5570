from __future__ import annotations

from pathlib import Path

import pytest

from trimaran import machines
from trimaran.emulation import find, overrides, probes
from trimaran.errors import UsageError
from trimaran.linux import process

HOST = machines.host()


def make(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(probes.program(HOST))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("name", "cpu"),
    [
        ("qemu-arm", "arm"),
        ("qemu-aarch64_be-static", "aarch64_be"),
        ("s390x-binfmt-P", "s390x"),
        ("qemu-arm64-static", "aarch64"),
        ("qemu-m68k-binfmt", "m68k"),
    ],
)
def test_a_file_tells_its_cpu_by_its_name(tmp_path: Path, name: str, cpu: str) -> None:
    path = make(tmp_path / name)
    assert overrides.parse([str(path)], HOST) == {cpu: path}


def test_a_cpu_may_be_named_and_the_last_wins(tmp_path: Path) -> None:
    first, second = make(tmp_path / "qemu-arm"), make(tmp_path / "any=thing")
    assert overrides.parse([str(first), f"arm={second}"], HOST) == {"arm": second}
    assert overrides.parse([f"arm64={second}"], HOST) == {"aarch64": second}


def test_a_folder_gives_all_that_it_has(tmp_path: Path) -> None:
    arm, mips = make(tmp_path / "qemu-arm"), make(tmp_path / "qemu-mips-static")
    assert overrides.parse([str(tmp_path)], HOST) == {"arm": arm, "mips": mips}


def test_in_a_folder_what_cannot_be_an_emulator_counts_last(tmp_path: Path) -> None:
    (tmp_path / "qemu-arm-static").write_text("#!/bin/sh\n")
    assert overrides.parse([str(tmp_path)], HOST) == {"arm": tmp_path / "qemu-arm-static"}
    good = make(tmp_path / "qemu-arm")
    assert overrides.parse([str(tmp_path)], HOST) == {"arm": good}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{}/none/qemu-arm", "there is no file"),
        ("{}/odd", "'odd' is no CPU that QEMU has"),
        ("z80={}/odd", "'z80' is no CPU that QEMU has"),
        ("arm={}/none", "there is no file"),
        ("{}/empty", "no emulator is in this folder"),
    ],
)
def test_what_names_nothing_is_refused(tmp_path: Path, value: str, message: str) -> None:
    make(tmp_path / "odd")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=message) as caught:
        overrides.parse([value.format(tmp_path)], HOST)
    assert "CPU=FILE" in caught.value.hint


@pytest.mark.real
def test_the_newest_of_a_folder(tmp_path: Path) -> None:
    arm = machines.by_name("arm")
    assert arm is not None
    real = find.emulators(arm, HOST, process.SYSTEM_PATH)[0].path
    make(tmp_path / "qemu-arm-static")
    (tmp_path / "qemu-arm").symlink_to(real)
    assert overrides.parse([str(tmp_path)], HOST) == {"arm": tmp_path / "qemu-arm"}

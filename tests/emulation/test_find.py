from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from trimaran import elf, machines
from trimaran.emulation import find, probes
from trimaran.emulation.support import Emulator
from trimaran.linux import process
from trimaran.machines import Machine


def row(name: str) -> Machine:
    found = machines.by_name(name)
    assert found is not None
    return found


ARM = row("arm")
HOST = machines.host()


def emulator(path: Path, version: str) -> Path:
    """A script that says a version as QEMU does; it has no ELF header."""
    path.write_text(f"#!/bin/sh\necho 'qemu-arm version {version} (Debian 1:7.2)'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (b"qemu-aarch64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\n", (7, 2, 22)),
        (b"qemu-arm version 11.1.2\nCopyright (c) 2003-2026\n", (11, 1, 2)),
        (b"", ()),
        (b"error", ()),
    ],
)
def test_version_of(text: bytes, version: tuple[int, ...]) -> None:
    assert find.version_of(text) == version


def test_candidates_go_by_the_path_and_then_by_the_name(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    for path in (first / "qemu-arm", second / "qemu-arm", second / "qemu-arm-static"):
        path.write_text("")
    (first / "qemu-armeb-static").write_text("")
    found = list(find.candidates(ARM, f"{first}::relative:{second}"))
    inside = [path for path in found if path.is_relative_to(tmp_path)]
    assert inside == [first / "qemu-arm", second / "qemu-arm-static", second / "qemu-arm"]


def test_fault(tmp_path: Path) -> None:
    static, text = tmp_path / "static", tmp_path / "text"
    static.write_bytes(probes.program(HOST))
    text.write_text("#!/bin/sh\n")
    foreign = tmp_path / "foreign"
    foreign.write_bytes(probes.program(next(one for one in machines.MACHINES if one != HOST)))
    shell = Path("/bin/sh").resolve()
    facts = elf.read(shell)
    assert facts is not None
    assert find.fault(static, HOST) == ""
    assert find.fault(text, HOST) == f"{text} is not a program"
    assert find.fault(foreign, HOST) == f"{foreign} is not made for {HOST.name}"
    assert find.fault(tmp_path / "none", HOST) == f"{tmp_path / 'none'} cannot be read"
    assert find.fault(shell, HOST) == (f"{shell} is not static" if facts.interpreter else "")


def test_inspect_takes_the_version_from_the_program(tmp_path: Path) -> None:
    found = find.inspect(emulator(tmp_path / "qemu-arm", "9.1.0"), ARM)
    assert (found.machine, found.version) == ("arm", (9, 1, 0))


def test_inspect_of_a_program_that_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(b"\0")
    path.chmod(0o755)
    assert find.inspect(path, ARM).version == ()


def test_a_dynamic_or_foreign_file_is_no_emulator(tmp_path: Path) -> None:
    shutil.copy("/bin/sh", tmp_path / "qemu-xyz")
    emulator(tmp_path / "qemu-xyz-static", "9.0.0")
    unknown = Machine("xyz", "", elf_class=32, e_machines=(1,), uname_names=("xyz",))
    assert find.emulators(unknown, HOST, str(tmp_path)) == ()


@pytest.mark.real
def test_the_newest_wins_and_each_file_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = next(iter(find.emulators(ARM, HOST, process.SYSTEM_PATH)))
    assert real.version >= (5, 2)
    (tmp_path / "qemu-arm").symlink_to(real.path)
    (tmp_path / "qemu-arm-static").symlink_to("qemu-arm")
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(real.path, copy / "qemu-arm")
    found = find.emulators(ARM, HOST, f"{copy}:{tmp_path}:{real.path.parent}")
    assert [one.path for one in found] == [copy / "qemu-arm", real.path]
    newer = (*real.version, 1)
    inspect = find.inspect
    monkeypatch.setattr(
        find,
        "inspect",
        lambda path, machine: (
            Emulator(path, machine.name, newer) if path == real.path else inspect(path, machine)
        ),
    )
    assert find.emulators(ARM, HOST, f"{copy}:{tmp_path}")[0].path == real.path

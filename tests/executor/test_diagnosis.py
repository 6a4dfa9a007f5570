from __future__ import annotations

import struct
from pathlib import Path

import pytest
from msgspec.structs import replace

from trimaran import platforms
from trimaran.executor.diagnosis import NOT_STARTED, diagnose, find_program
from trimaran.graph.steps import Run

ARM64 = platforms.parse("arm64")
STEP = Run(None, ("tool", "-x"), ("PATH=/opt:/bin",), "/work", "", ARM64)


def elf(machine: int) -> bytes:
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 0, 0, 0, 64, 56, 0, 0, 0, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("bin", "opt", "work"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_program_is_found_as_exec_finds_it(root: Path) -> None:
    assert find_program(root, STEP) is None
    (root / "bin" / "tool").touch()
    assert find_program(root, STEP) == root / "bin" / "tool"
    (root / "opt" / "tool").symlink_to("/work/tool")  # leads nowhere yet
    assert find_program(root, STEP) == root / "bin" / "tool"
    (root / "work" / "tool").touch()
    assert find_program(root, STEP) == root / "work" / "tool"
    assert find_program(root, replace(STEP, arguments=("./tool",))) == root / "work" / "tool"
    assert find_program(root, replace(STEP, arguments=("/bin/tool",))) == root / "bin" / "tool"


def test_a_link_out_of_the_root_is_not_followed(root: Path) -> None:
    (root / "bin" / "tool").symlink_to("/../../../../etc/passwd")
    assert find_program(root, STEP) is None


def test_a_missing_program(root: Path) -> None:
    found = diagnose(STEP, root, 1, ["the runtime's words"], 1)
    assert found.message == "tool: not found in the image"
    assert found.exit_status == NOT_STARTED
    assert "earlier step" in found.hint


def test_a_missing_shell_has_a_hint_of_its_own(root: Path) -> None:
    step = replace(STEP, arguments=("/bin/sh", "-c", "true"))
    assert "JSON form" in diagnose(step, root, 1, ["words"], 1).hint


def test_what_the_runtime_says_of_a_program_that_is_there(root: Path) -> None:
    (root / "bin" / "tool").touch()
    found = diagnose(STEP, root, 1, ["first", "permission denied"], 1)
    assert found.message == "cannot start tool: permission denied"


def test_a_program_of_another_cpu(root: Path) -> None:
    (root / "bin" / "tool").write_bytes(elf(0x3E))
    found = diagnose(STEP, root, 1, [], 1)
    assert (
        found.message == "cannot start tool: it is a program for amd64, the step is for linux/arm64"
    )
    assert diagnose(STEP, root, 1, [], 7).message == "exit status 1"


def test_a_program_of_the_right_cpu_that_failed(root: Path) -> None:
    (root / "bin" / "tool").write_bytes(elf(0xB7))
    assert diagnose(STEP, root, 1, [], 1).message == "exit status 1"


@pytest.mark.parametrize(
    ("status", "message", "word"),
    [
        (2, "exit status 2", ""),
        (137, "exit status 137: killed by SIGKILL", "memory"),
        (139, "exit status 139: killed by SIGSEGV", "QEMU"),
        (143, "exit status 143: killed by SIGTERM", ""),
        (255, "exit status 255", ""),
    ],
)
def test_signals(root: Path, status: int, message: str, word: str) -> None:
    other = "s390x" if platforms.host().architecture != "s390x" else "arm64"
    step = replace(STEP, platform=platforms.parse(other))
    found = diagnose(step, root, status, [], 3)
    assert found.message == message
    assert found.exit_status == status
    assert word in found.hint
    assert bool(found.hint) == bool(word)

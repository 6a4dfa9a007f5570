from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import pytest
from msgspec.structs import replace

from trimaran import machines, platforms
from trimaran.emulation import handlers, probes
from trimaran.emulation.handlers import Handler
from trimaran.executor.diagnosis import NOT_STARTED, Circumstances, diagnose, find_program
from trimaran.executor.symptoms import Symptoms
from trimaran.graph.steps import Run

ARM64 = platforms.parse("arm64")
OTHER = platforms.parse("s390x" if platforms.host() == ARM64 else "arm64")
MACHINE = machines.MACHINES[0]  # arm64's
STEP = Run(None, ("tool", "-x"), ("PATH=/opt:/bin",), "/work", "", ARM64)


def elf(machine: int) -> bytes:
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 0, 0, 0, 64, 56, 0, 0, 0, 0)


def printed(lines: int, text: str = "text") -> Circumstances:
    symptoms = Symptoms()
    for _ in range(lines):
        symptoms.take(text)
    return Circumstances(symptoms)


def binfmt_misc(folder: Path, *entries: Handler) -> Path:
    """A folder as the kernel shows it."""
    folder.mkdir()
    (folder / "status").write_text("enabled\n")
    for one in entries:
        (folder / one.name).write_text(
            f"enabled\ninterpreter {one.interpreter}\nflags: {one.flags}\noffset 0\n"
            f"magic {one.magic.hex()}\nmask {one.mask.hex()}\n"
        )
    return folder


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
    found = diagnose(STEP, root, 1, ["the runtime's words"], printed(1))
    assert found.message == "tool: not found in the image"
    assert found.exit_status == NOT_STARTED
    assert "earlier step" in found.hint


def test_a_missing_shell_has_a_hint_of_its_own(root: Path) -> None:
    step = replace(STEP, arguments=("/bin/sh", "-c", "true"))
    assert "JSON form" in diagnose(step, root, 1, ["words"], printed(1)).hint


def test_what_the_runtime_says_of_a_program_that_is_there(root: Path) -> None:
    (root / "bin" / "tool").touch()
    found = diagnose(STEP, root, 1, ["first", "permission denied"], printed(1))
    assert found.message == "cannot start tool: permission denied"


def test_a_program_of_another_cpu(root: Path) -> None:
    (root / "bin" / "tool").write_bytes(elf(0x3E))
    found = diagnose(STEP, root, 1, [], printed(1))
    assert (
        found.message == "cannot start tool: it is a program for amd64, the step is for linux/arm64"
    )
    assert diagnose(STEP, root, 1, [], printed(7)).message == "exit status 1"


def test_a_program_of_the_right_cpu_that_failed(root: Path) -> None:
    (root / "bin" / "tool").write_bytes(elf(0xB7))
    handler = handlers.for_machine(MACHINE, Path("/qemu"), "F")
    table = binfmt_misc(root / "table", *handler)
    assert diagnose(STEP, root, 1, [], printed(1), table=table).message == "exit status 1"


def test_a_program_that_no_handler_runs(root: Path) -> None:
    other = replace(STEP, platform=OTHER)
    (root / "bin" / "tool").write_bytes(probes.program(OTHER.machine or MACHINE))
    found = diagnose(other, root, 1, [], printed(1), table=binfmt_misc(root / "table"))
    assert found.message == (
        f"cannot start tool: this machine has no handler for programs of {OTHER}"
    )
    assert found.hint == "sudo trimaran host setup"
    assert found.exit_status == NOT_STARTED
    assert diagnose(other, root, 1, [], printed(2), table=root / "none").message == "exit status 1"


def test_the_hosts_own_programs_need_no_handler(root: Path) -> None:
    step = replace(STEP, platform=platforms.host())
    (root / "bin" / "tool").write_bytes(probes.program(machines.host()))
    assert diagnose(step, root, 1, [], printed(1), table=root / "none").message == "exit status 1"


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
    step = replace(STEP, platform=OTHER)
    found = diagnose(step, root, status, [], printed(3))
    assert found.message == message
    assert found.exit_status == status
    assert word in found.hint
    assert bool(found.hint) == bool(word)


def test_a_crash_that_only_qemu_tells_of(root: Path) -> None:
    line = "qemu: uncaught target signal 11 (Segmentation fault) - core dumped"
    step = replace(STEP, platform=OTHER)
    found = diagnose(step, root, 100, [], printed(1, line))
    assert found.message == "exit status 100"
    assert "QEMU" in found.hint
    again = dataclasses.replace(printed(1, line), steady=True)
    assert "fixed memory layout too" in diagnose(step, root, 100, [], again).hint


def test_an_instruction_that_the_variants_cpu_lacks(root: Path) -> None:
    step = replace(STEP, platform=platforms.parse("arm/v6"))
    found = diagnose(step, root, 132, [], Circumstances(cpu="arm1176"))
    assert "linux/arm/v6 was run on QEMU's arm1176" in found.hint
    assert "--emulation-quirks" in found.hint
    assert "arm1176" not in diagnose(step, root, 139, [], Circumstances(cpu="arm1176")).hint


def test_memory_that_the_kernel_says_ran_out(root: Path) -> None:
    found = diagnose(STEP, root, 137, [], Circumstances(starved=True))
    assert found.message == "out of memory, exit status 137: killed by SIGKILL"
    assert "swap" in found.hint
    assert diagnose(STEP, root, 2, [], Circumstances(starved=True)).message.startswith("out of")


@pytest.mark.parametrize("word", ["defined data type", "data type"])
def test_cargos_trouble_on_32_bits(root: Path, word: str) -> None:
    around = printed(1, f"  [75] Value too large for {word}; class=Os (2)")
    small = replace(STEP, platform=platforms.parse("arm/v7"))
    large = replace(STEP, platform=OTHER)
    assert "CARGO_HOME" in diagnose(small, root, 101, [], around).hint
    assert diagnose(large, root, 101, [], around).hint == ""


def test_a_program_that_the_shell_could_not_execute(root: Path) -> None:
    assert "another CPU" in diagnose(STEP, root, 126, [], printed(1)).hint

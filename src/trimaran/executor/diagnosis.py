"""Why a RUN failed, told from its exit status and from the files, and what to do about it."""

from __future__ import annotations

import signal
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trimaran import elf, machines, platforms
from trimaran.emulation import handlers
from trimaran.executor.bundle import DEFAULT_PATH
from trimaran.executor.stage import Program
from trimaran.executor.symptoms import Symptoms, signal_of
from trimaran.graph.steps import Run
from trimaran.linux import rootfs

NOT_STARTED = -1
_HANDLERS = Path("/proc/sys/fs/binfmt_misc")
_NOT_EXECUTABLE = 126  # a shell's status for a program that the kernel does not run (POSIX)
_HEADER_BYTES = 64
_BITS_32 = 32


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a run beside its exit status.

    Attributes:
        symptoms: of its output.
        cpu: the CPU that QEMU showed it, if not its default.
        starved: the kernel killed a process for lack of memory meanwhile.
        steady: its memory was not laid out at random, since it had crashed before.
    """

    symptoms: Symptoms = field(default_factory=Symptoms)
    cpu: str = ""
    starved: bool = False
    steady: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """An error's message and hint, and the exit status to report."""

    message: str
    hint: str
    exit_status: int


def diagnose(
    step: Run,
    root: Path,
    exit_status: int,
    complaints: Sequence[str],
    around: Circumstances,
    *,
    table: Path = _HANDLERS,
) -> Diagnosis:
    """Explain a failed RUN.

    Args:
        step: the step.
        root: its merged file system, still mounted.
        exit_status: the runtime's exit status; 128 + N if signal N killed it.
        complaints: what the runtime reported as errors; then the program did not start.
        around: what else is known.
        table: where binfmt_misc is mounted.
    """
    name = step.arguments[0] if step.arguments else ""
    program = find_program(root, step)
    if complaints and program is None:
        return Diagnosis(f"{name}: not found in the image", _missing_hint(name), NOT_STARTED)
    if complaints:
        return Diagnosis(f"cannot start {name}: {complaints[-1]}", "", NOT_STARTED)
    # The kernel's refusal of a program reaches us as status 1 and one line of the runtime's.
    refused = exit_status == 1 and around.symptoms.lines == 1
    if refused and (foreign := _foreign(program, step)):
        return Diagnosis(f"cannot start {name}: {foreign}", _FOREIGN_HINT, NOT_STARTED)
    if refused and (gap := _unhandled(program, step, table)):
        return Diagnosis(f"cannot start {name}: {gap}", _HANDLER_HINT, NOT_STARTED)
    message = _ended(exit_status)
    if around.starved:
        message = f"out of memory, {message}"
    return Diagnosis(message, _hint(exit_status, step, around), exit_status)


def find_program(root: Path, step: Run | Program) -> Path | None:
    """The file that `arguments[0]` means inside the image; None if there is none."""
    name = step.arguments[0] if step.arguments else ""
    if "/" in name:
        folders = [step.directory if not name.startswith("/") else "/"]
    else:
        environment = dict(entry.partition("=")[::2] for entry in step.environment)
        folders = environment.get("PATH", DEFAULT_PATH).split(":")
    for folder in folders:
        try:
            found = rootfs.resolve(root, f"{folder}/{name}")
            if stat.S_ISREG(found.lstat().st_mode):
                return found
        except OSError:
            continue
    return None


_COMPATIBLE = {("amd64", "386"), ("arm64", "arm")}
"""A CPU, and the older one whose programs it may run as well."""

_FOREIGN_HINT = "the base or the files copied into it are of another platform than the step"
_HANDLER_HINT = "sudo trimaran host setup"
_STARVED_HINT = (
    "the kernel killed a process for lack of memory while the step ran: build fewer platforms at"
    " once, or give the machine more memory or swap"
)
_OVERFLOW_HINT = (
    "a 32-bit program cannot read folders of a file system with 64-bit positions, such as ext4, in"
    " an emulator on a 64-bit machine: put its folder on /dev/shm, a tmpfs"
    " (for cargo CARGO_HOME=/dev/shm/cargo; CARGO_NET_GIT_FETCH_WITH_CLI=true may suffice), or"
    " compile in a stage FROM --platform=$BUILDPLATFORM"
)
_NOT_EXECUTABLE_HINT = "a program is not executable, or is for another CPU than the step's platform"
_NEWER_HINT = (
    "programs that crash only under emulation may run with a newer QEMU, or in a stage FROM"
    " --platform=$BUILDPLATFORM"
)


def _missing_hint(name: str) -> str:
    if name == "/bin/sh":
        return 'an image without a shell runs the JSON form only: RUN ["program", "argument"]'
    return "check the spelling and PATH, or install it in an earlier step"


def _foreign(program: Path | None, step: Run) -> str:
    """What a program is of, if it is of another CPU than the step's platform."""
    try:
        facts = elf.read(program) if program else None
    except OSError:
        return ""
    wanted = step.platform.machine
    if facts is None or wanted is None or elf.fits(facts, wanted):
        return ""
    found = elf.machine_of(facts)
    architecture = (found.architecture or found.name) if found else "an unknown CPU"
    if (wanted.architecture, architecture) in _COMPATIBLE:
        return ""
    return f"it is a program for {architecture}, the step is for {step.platform}"


def _unhandled(program: Path | None, step: Run, table: Path) -> str:
    """That nothing runs a program of the step's own platform, if that is so."""
    host, wanted = machines.host(), step.platform.machine
    if program is None or wanted is None or wanted == host:
        return ""
    if (host.architecture, wanted.architecture) in _COMPATIBLE:
        return ""
    try:
        with open(program, "rb") as file:
            header = file.read(_HEADER_BYTES)
        facts = elf.read(program)
    except OSError:
        return ""
    if facts is None or any(
        one.enabled and one.matches(header) for one in handlers.read_all(table)
    ):
        return ""
    return f"this machine has no handler for programs of {step.platform}"


def _ended(exit_status: int) -> str:
    number = signal_of(exit_status)
    if number is None:
        return f"exit status {exit_status}"
    return f"exit status {exit_status}: killed by {number.name}"


def _hint(exit_status: int, step: Run, around: Circumstances) -> str:
    emulated = not platforms.runs_on(step.platform, platforms.host())
    crash = around.symptoms.crash(exit_status)
    if around.starved:
        return _STARVED_HINT
    if crash == signal.SIGILL and around.cpu:
        return (
            f"{step.platform} was run on QEMU's {around.cpu.partition(',')[0]}, and a program has"
            " instructions that such a CPU lacks: take one that is made for this platform;"
            " --emulation-quirks without cpu runs it on any"
        )
    if crash and emulated:
        return ("it crashed in a fixed memory layout too: " if around.steady else "") + _NEWER_HINT
    if signal_of(exit_status) == signal.SIGKILL:
        return "the machine may have run out of memory: build fewer platforms at once"
    if around.symptoms.overflow and emulated and _is_32_bit(step):
        return _OVERFLOW_HINT
    return _NOT_EXECUTABLE_HINT if exit_status == _NOT_EXECUTABLE else ""


def _is_32_bit(step: Run) -> bool:
    return step.platform.machine is not None and step.platform.machine.elf_class == _BITS_32

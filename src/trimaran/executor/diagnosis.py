"""Why a RUN failed, told from its exit status and from the files, and what to do about it."""

from __future__ import annotations

import signal
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trimaran import elf, platforms
from trimaran.executor.bundle import DEFAULT_PATH
from trimaran.executor.stage import Program
from trimaran.graph.steps import Run
from trimaran.linux import rootfs

NOT_STARTED = -1
_FIRST_SIGNAL_STATUS = 128
_CRASHES = frozenset({signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """An error's message and hint, and the exit status to report."""

    message: str
    hint: str
    exit_status: int


def diagnose(
    step: Run, root: Path, exit_status: int, complaints: Sequence[str], printed_lines: int
) -> Diagnosis:
    """Explain a failed RUN.

    Args:
        step: the step.
        root: its merged file system, still mounted.
        exit_status: the runtime's exit status; 128 + N if signal N killed it.
        complaints: what the runtime reported as errors; then the program did not start.
        printed_lines: how many lines came out.
    """
    name = step.arguments[0] if step.arguments else ""
    program = find_program(root, step)
    if complaints and program is None:
        return Diagnosis(f"{name}: not found in the image", _missing_hint(name), NOT_STARTED)
    if complaints:
        return Diagnosis(f"cannot start {name}: {complaints[-1]}", "", NOT_STARTED)
    # The kernel's refusal of a program reaches us as status 1 and one line of the runtime's.
    foreign = _foreign(program, step) if exit_status == 1 and printed_lines == 1 else ""
    if foreign:
        return Diagnosis(f"cannot start {name}: {foreign}", _FOREIGN_HINT, NOT_STARTED)
    return Diagnosis(_ended(exit_status), _hint(exit_status, step), exit_status)


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
"""A step's CPU, and the older one whose programs it may run as well."""

_FOREIGN_HINT = "the base or the files copied into it are of another platform than the step"


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


def _ended(exit_status: int) -> str:
    number = _signal(exit_status)
    if number is None:
        return f"exit status {exit_status}"
    return f"exit status {exit_status}: killed by {number.name}"


def _hint(exit_status: int, step: Run) -> str:
    number = _signal(exit_status)
    if number == signal.SIGKILL:
        return "the machine may have run out of memory: build fewer platforms at once"
    if number in _CRASHES and not platforms.runs_on(step.platform, platforms.host()):
        return "programs that crash only under emulation may run with a newer QEMU"
    return ""


def _signal(exit_status: int) -> signal.Signals | None:
    try:
        return signal.Signals(exit_status - _FIRST_SIGNAL_STATUS)
    except ValueError:
        return None

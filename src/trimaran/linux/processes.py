"""What the kernel tells of running processes: proc_pid_stat(5) and its neighbours."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

RUNNING = "running"

_PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_CRASHES = (
    *(signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS),
    *(signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS),
)
_UNBLOCKABLE = 1 << (signal.SIGKILL - 1) | 1 << (signal.SIGSTOP - 1)
_STANDARD = (1 << 31) - 1 & ~_UNBLOCKABLE
_STATES: Mapping[str, str] = {
    "R": RUNNING,
    "S": "sleeping",
    "D": "waiting for a device",
    "T": "stopped",
    "t": "being traced",
    "Z": "ended, not waited for",
}


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment.

    Attributes:
        depth: 0 for a child of the one that was asked about.
        command: its argument vector; its name alone if it has none.
        state: in words; `running` also while it waits for a CPU.
        threads: how many.
        cpu_s: seconds of CPU that it and its ended children used.
        place: where in the kernel its first thread waits, such as `hrtimer_nanosleep`; empty if it
            does not wait, or the kernel does not say.
    """

    pid: int
    depth: int
    command: tuple[str, ...]
    state: str
    threads: int
    cpu_s: float
    place: str


def below(pid: int, depth: int = 0) -> Iterator[Process]:
    """All descendants of a process, each behind its parent; those that end meanwhile are missed."""
    for child in children(pid):
        try:
            found = _process(child, depth)
        except (OSError, ValueError):
            continue
        yield found
        yield from below(child, depth + 1)


def children(pid: int) -> list[int]:
    """The process ids of a process's children: the kernel lists them by the thread that made it."""
    found: list[int] = []
    for task in _listing(_PROC / str(pid) / "task"):
        found += map(int, _read(_PROC / str(pid) / "task" / task / "children").split())
    return found


def waits_for_death(pid: int) -> int:
    """The signal that one of a process's threads sent itself to die of it, and waits for.

    A thread counts that blocks every signal but one by which programs crash.

    Returns:
        The signal's number; 0 if there is none.
    """
    masks = (
        _blocked(_PROC / str(pid) / "task" / task) for task in _listing(_PROC / str(pid) / "task")
    )
    return next((number for mask in masks if (number := crash_let_through(mask))), 0)


def crash_let_through(blocked: int) -> int:
    """The only signal that a mask lets through, if programs crash of it; else 0.

    Args:
        blocked: a bit per signal, the lowest is signal 1. SIGKILL and SIGSTOP cannot be blocked,
            and real-time signals are left aside.
    """
    free = _STANDARD & ~blocked
    return next((one for one in _CRASHES if free == 1 << (one - 1)), 0)


def oom_kills() -> int:
    """How many processes the kernel killed for lack of memory since it started, in all cgroups."""
    try:
        return read_oom_kills((_PROC / "vmstat").read_text("ascii"))
    except OSError:
        return 0


def read_oom_kills(vmstat: str) -> int:
    """The counter `oom_kill` (Linux 4.13) in the text of /proc/vmstat; 0 if it has none."""
    words = (line.split() for line in vmstat.splitlines())
    return next((int(pair[1]) for pair in words if pair[0] == "oom_kill"), 0)


def _process(pid: int, depth: int) -> Process:
    folder = _PROC / str(pid)
    text = (folder / "stat").read_text("utf-8", "replace")
    name, _, rest = text.partition("(")[2].rpartition(")")  # a name may hold parentheses
    fields = rest.split()  # the first is the state, the third in the manual
    words = tuple(word for word in _read(folder / "cmdline").split("\0") if word)
    return Process(
        pid,
        depth,
        words or (name,),
        _STATES.get(fields[0], fields[0]),
        int(fields[17]),
        sum(int(field) for field in fields[11:15]) * _TICK_S,
        _place(folder),
    )


def _place(folder: Path) -> str:
    """The kernel's function, else the system call's number, of what waits."""
    function = _read(folder / "wchan").strip()
    if function not in ("", "0"):
        return function
    number = _read(folder / "syscall").partition(" ")[0]
    return f"system call {number}" if number.isdigit() else ""


def _blocked(folder: Path) -> int:
    lines = _read(folder / "status").splitlines()
    return next((int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:")), 0)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _listing(path: Path) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []

"""Programs that are killed or interrupted, and what they leave behind.

This process is made the reaper of its descendants (prctl(2), PR_SET_CHILD_SUBREAPER): whoever
outlives a killed program becomes a child of the tests, where it is seen.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.01


@dataclass(frozen=True)
class Orphans:
    """Those who came to this process since `adopted` began; `before` are its other children."""

    before: frozenset[int]

    def left(self, limit_s: float = 10.0) -> list[str]:
        """Wait for all to end; the command lines of those that do not within `limit_s`."""
        deadline = time.monotonic() + limit_s
        while living := _children() - self.before:
            for pid in living:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if time.monotonic() > deadline:
                return [_command_line(pid) for pid in living]
            time.sleep(_POLL_S)
        return []


@contextmanager
def adopted() -> Iterator[Orphans]:
    """Take in the orphans of programs that are started in this block."""
    _set_reaper(1)
    try:
        yield Orphans(frozenset(_children()))
    finally:
        _set_reaper(0)


def mounts_below(folder: Path) -> list[str]:
    """What is mounted below `folder`, as this process sees it."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if str(folder) in line]


def _children() -> set[int]:
    files = Path("/proc/self/task").glob("*/children")
    return {int(word) for file in files for word in file.read_text().split()}


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() or str(pid)
    return str(pid)


def _set_reaper(value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")

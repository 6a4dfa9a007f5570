"""Who asks for a stand-in, and what it was called with: proc_pid_cmdline(5) and its neighbours."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from trimaran.accelerator.calls import Call

_CREDENTIALS = struct.Struct("3i")
_IN_FRONT = 2
"""What the kernel puts in front of argv: the interpreter, and the program's path."""


def peer(connection: socket.socket) -> int:
    """The process id of who connected (unix(7), SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, _, _ = _CREDENTIALS.unpack(raw)
    return int(pid)


def root_of(pid: int) -> Path:
    """A process's root, as this one sees it."""
    return Path(f"/proc/{pid}/root")


def call_of(pid: int) -> Call:
    """What the kernel started an interpreter for, which waits for its answer.

    Raises:
        OSError: it is gone.
    """
    return Call(
        root_of(pid),
        os.readlink(f"/proc/{pid}/cwd"),
        _words(f"/proc/{pid}/cmdline")[_IN_FRONT:],
        _words(f"/proc/{pid}/environ"),
    )


def _words(path: str) -> tuple[str, ...]:
    return tuple(map(os.fsdecode, Path(path).read_bytes().split(b"\0")[:-1]))

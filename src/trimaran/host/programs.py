"""The small programs of `host doctor`, one per CPU: their sources are in probes/checks/.

`programs.json` maps a CPU's name to its program in hex, about 900 bytes: static, without a library.
The first argument says what it does; its exit status is the result.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import msgspec

from trimaran.machines import Machine


class Trial(msgspec.Struct, frozen=True):
    """Something that a CPU's programs must be able to do.

    Attributes:
        arguments: of the program.
        status: the exit status that is right.
        output: what it must print.
        mode: of the program's file.
        owner: of the program's file; above 0 needs root to give it away.
        times: how often it is done.
    """

    name: str
    arguments: tuple[str, ...]
    status: int = 0
    output: bytes = b""
    mode: int = 0o755
    owner: int = 0
    times: int = 1


SECOND = "second"
"""The name of the CPU's probe beside the program, which is executed by it."""

TRIALS = (
    Trial("exit status", ("status",), status=42),
    Trial("fork and wait", ("fork",)),
    Trial("threads", ("threads",)),
    Trial("exec", ("x", SECOND), output=b"ok\n"),
    Trial("setuid", ("euid",), status=1, mode=0o4755, owner=1),
    # The known crash of mappings comes by chance.
    Trial("memory", ("memory",), times=8),
)
CONFINED = Trial("seccomp", ("confined",), status=2)  # prctl(2), PR_GET_SECCOMP: filtered


def program(machine: Machine) -> bytes:
    """The CPU's program; empty if there is none for it."""
    return bytes.fromhex(_table().get(machine.name, ""))


@cache
def _table() -> dict[str, str]:
    text = Path(__file__).with_name("programs.json").read_text(encoding="ascii")
    table: dict[str, str] = json.loads(text)
    return table

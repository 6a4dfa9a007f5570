"""Run as a script, PROGRAM ARGUMENT...: a program without address space layout randomisation.

The flag of personality(2) is inherited by every program below it but setuid ones, and needs no
right; kernel.randomize_va_space would be the whole machine's. It imports nothing of the package, as
`holder` does not.
"""

from __future__ import annotations

import ctypes
import os
import sys

_ASK = 0xFFFFFFFF
_ADDR_NO_RANDOMIZE = 0x0040000
_NOT_STARTED = 125


def main(argv: list[str]) -> None:
    """Become `argv`."""
    libc = ctypes.CDLL(None, use_errno=True)
    present = libc.personality(ctypes.c_ulong(_ASK))
    if libc.personality(ctypes.c_ulong(present | _ADDR_NO_RANDOMIZE)) < 0:
        _fail("switch randomisation off", ctypes.get_errno())
    try:
        os.execv(argv[0], argv)  # noqa: S606 - this process is to become the program
    except OSError as error:
        _fail(f"run {argv[0]}", error.errno or 0)


def _fail(action: str, number: int) -> None:
    os.write(sys.stderr.fileno(), f"cannot {action}: {os.strerror(number)}\n".encode())
    os._exit(_NOT_STARTED)


if __name__ == "__main__":
    main(sys.argv[1:])

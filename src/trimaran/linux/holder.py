"""Run as a script: make a user and a mount namespace and keep them until stdin ends.

It prints `ready`, or the step that was refused and its errno. It imports nothing of the package,
since it is started as a file by an interpreter that takes no paths from its surroundings.
"""

from __future__ import annotations

import ctypes
import os
import sys

_CLONE_NEWUSER_AND_NEWNS = 0x10020000
_MS_REC_AND_PRIVATE = 0x44000


def main() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER_AND_NEWNS) != 0:
        answer = f"unshare {ctypes.get_errno()}"
    elif libc.mount(None, b"/", None, ctypes.c_ulong(_MS_REC_AND_PRIVATE), None) != 0:
        answer = f"mount {ctypes.get_errno()}"
    else:
        answer = "ready 0"
    os.write(sys.stdout.fileno(), answer.encode())
    os.close(sys.stdout.fileno())
    os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    main()

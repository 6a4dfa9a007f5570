"""Run as a script, PARENT PROGRAM ARGUMENT...: a program that dies with the one who started it.

PROGRAM becomes process 1 of a new pid namespace with a /proc of its own. When process 1 dies, the
kernel kills everything in the namespace and in those below it, before it reports the death
(pid_namespaces(7)). It dies with this script, and this script with the thread that started it
(PR_SET_PDEATHSIG, prctl(2)); PARENT is that thread's process. The exit status is the program's, or
128 + N if signal N killed it.

unshare(1) and setpriv(1) could do the same, but AppArmor profiles of distributions take the
capabilities of what unshare(1) starts. It imports nothing of the package, as `holder` does not.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS_AND_NEWPID = 0x20020000
_MS_REC_AND_SLAVE = 0x84000
_MS_NOSUID_NODEV_NOEXEC = 0xE
_NOT_STARTED = 125

_libc = ctypes.CDLL(None, use_errno=True)


def main(parent: int, argv: list[str]) -> int:
    """Start `argv` and wait for its end; gives the exit status."""
    _die_with_parent()
    if os.getppid() != parent:
        return _NOT_STARTED  # it was gone before the kernel was asked
    _check(_libc.unshare(_CLONE_NEWNS_AND_NEWPID), "unshare")
    # What the build shares on purpose may still come; nothing goes back (mount_namespaces(7)).
    slave = ctypes.c_ulong(_MS_REC_AND_SLAVE)
    _check(_libc.mount(None, b"/", None, slave, None), "make / a slave")
    alive, alive_here = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive_here)
        _become(argv, alive)
    os.close(alive)
    return _status(os.waitpid(child, 0)[1])


def _become(argv: list[str], alive: int) -> None:
    """Be process 1 of the new namespace, and then the program."""
    _die_with_parent()
    if select.select([alive], [], [], 0)[0]:
        os._exit(_NOT_STARTED)  # the other end is closed: the parent is gone already
    flags = ctypes.c_ulong(_MS_NOSUID_NODEV_NOEXEC)
    _check(_libc.mount(b"proc", b"/proc", b"proc", flags, None), "mount /proc")
    try:
        os.execv(argv[0], argv)  # noqa: S606 - this process is to become the program
    except OSError as error:
        _fail(f"run {argv[0]}", error.errno or 0)


def _die_with_parent() -> None:
    _check(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0), "prctl")


def _status(wait_status: int) -> int:
    status = os.waitstatus_to_exitcode(wait_status)
    return status if status >= 0 else 128 - status


def _check(result: int, action: str) -> None:
    if result != 0:
        _fail(action, ctypes.get_errno())


def _fail(action: str, number: int) -> None:
    os.write(sys.stderr.fileno(), f"cannot {action}: {os.strerror(number)}\n".encode())
    os._exit(_NOT_STARTED)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))

"""The system calls that Python's os module lacks, by ctypes; each failure is an OSError.

Numbers and flags are from the kernel's uapi headers (linux/mount.h, linux/sched.h,
linux/openat2.h, linux/prctl.h). Calls release the interpreter lock and are safe in threads.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import NoReturn

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SHARED = 0x100000
MNT_DETACH = 0x2

CLONE_NEWNS = 0x20000
CLONE_NEWUSER = 0x10000000

RESOLVE_NO_MAGICLINKS = 0x2
RESOLVE_IN_ROOT = 0x10

FSCONFIG_SET_FLAG = 0
FSCONFIG_SET_STRING = 1
FSCONFIG_CMD_CREATE = 6
MOVE_MOUNT_F_EMPTY_PATH = 0x4

_FSOPEN_CLOEXEC = 0x1
_FSMOUNT_CLOEXEC = 0x1
_PR_SET_DUMPABLE = 4
_SYNC_FILE_RANGE_WRITE = 0x2
# The same numbers on every CPU since Linux 5.0; alpha counts from 110 more.
_OFFSET = 110 if os.uname().machine == "alpha" else 0
_MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT, _OPENAT2 = 429, 430, 431, 432, 437

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system; `data` longer than a page, which the kernel would cut, is refused.

    Raises:
        OSError: the kernel's errno; E2BIG if `data` does not fit.
    """
    raw = os.fsencode(data)
    if len(raw) >= os.sysconf("SC_PAGE_SIZE"):
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG), target)
    result = _libc.mount(
        os.fsencode(source) or None,
        os.fsencode(target),
        os.fsencode(fstype) or None,
        ctypes.c_ulong(flags),
        raw or None,
    )
    if result != 0:
        _fail(target)


def umount(target: str, flags: int = 0) -> None:
    """Take the topmost mount on `target` away.

    Raises:
        OSError: the kernel's errno.
    """
    if _libc.umount2(os.fsencode(target), ctypes.c_int(flags)) != 0:
        _fail(target)


def unshare(flags: int) -> None:
    """Move the calling thread into new namespaces.

    Raises:
        OSError: the kernel's errno.
    """
    if _libc.unshare(ctypes.c_int(flags)) != 0:
        _fail()


def setns(namespace_fd: int, flags: int) -> None:
    """Join the namespace that /proc/PID/ns/… was opened for; this thread only.

    Raises:
        OSError: the kernel's errno; EINVAL for a user namespace if the process has threads.
    """
    if _libc.setns(ctypes.c_int(namespace_fd), ctypes.c_int(flags)) != 0:
        _fail()


def openat2(folder_fd: int, path: str, flags: int, mode: int = 0, *, resolve: int = 0) -> int:
    """Open `path` relative to a folder under the rules of `resolve` (RESOLVE_…).

    Raises:
        OSError: the kernel's errno; ENOSYS before Linux 5.6.
    """
    how = _OpenHow(flags | os.O_CLOEXEC, mode if flags & os.O_CREAT else 0, resolve)
    name = ctypes.c_char_p(os.fsencode(path))
    return _call(_OPENAT2, folder_fd, name, ctypes.byref(how), ctypes.sizeof(how), path=path)


def fsopen(fstype: str) -> int:
    """Begin to configure a file system; gives a descriptor for `fsconfig`.

    Raises:
        OSError: the kernel's errno.
    """
    return _call(_FSOPEN, ctypes.c_char_p(os.fsencode(fstype)), _FSOPEN_CLOEXEC, path=fstype)


def fsconfig(context_fd: int, command: int, key: str = "", value: str = "") -> None:
    """Give one option of a file system, or the command to create it.

    Raises:
        OSError: the kernel's errno; EINVAL for an option that this kernel lacks.
    """
    key_raw, value_raw = os.fsencode(key) or None, os.fsencode(value) or None
    _call(
        _FSCONFIG,
        context_fd,
        ctypes.c_uint(command),
        ctypes.c_char_p(key_raw),
        ctypes.c_char_p(value_raw),
        0,
        path=value or key,
    )


def fsmount(context_fd: int) -> int:
    """Make a mount of a created file system, attached nowhere yet.

    Raises:
        OSError: the kernel's errno.
    """
    return _call(_FSMOUNT, context_fd, _FSMOUNT_CLOEXEC, 0)


def move_mount(mount_fd: int, target: str) -> None:
    """Attach a mount that `fsmount` gave.

    Raises:
        OSError: the kernel's errno.
    """
    empty, name = ctypes.c_char_p(b""), ctypes.c_char_p(os.fsencode(target))
    here = -100  # AT_FDCWD
    _call(_MOVE_MOUNT, mount_fd, empty, here, name, MOVE_MOUNT_F_EMPTY_PATH, path=target)


def syncfs(fd: int) -> None:
    """Write out the whole file system that `fd` is on.

    Raises:
        OSError: the kernel's errno.
    """
    if _libc.syncfs(ctypes.c_int(fd)) != 0:
        _fail()


def start_writing(fd: int, offset_bytes: int, length_bytes: int) -> None:
    """Let the disk begin with a range of a file, without waiting (sync_file_range(2)).

    It makes nothing durable: an fsync does, which then has less to wait for.

    Raises:
        OSError: the kernel's errno; what the disk itself fails at, the fsync tells.
    """
    offset, length = ctypes.c_int64(offset_bytes), ctypes.c_int64(length_bytes)
    if _libc.sync_file_range(ctypes.c_int(fd), offset, length, _SYNC_FILE_RANGE_WRITE) != 0:
        _fail()


def set_dumpable() -> None:
    """Set PR_SET_DUMPABLE: /proc/self belongs to the process again after a change of ids.

    Raises:
        OSError: the kernel's errno.
    """
    if _libc.prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(1), 0, 0, 0) != 0:
        _fail()


def _call(number: int, *arguments: object, path: str = "") -> int:
    wide = [
        ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments
    ]
    result: int = _libc.syscall(ctypes.c_long(number + _OFFSET), *wide)
    if result < 0:
        _fail(path)
    return result


def _fail(path: str = "") -> NoReturn:
    number = ctypes.get_errno()
    if path:
        raise OSError(number, os.strerror(number), path)
    raise OSError(number, os.strerror(number))

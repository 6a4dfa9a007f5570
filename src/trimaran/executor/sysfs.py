"""Make /sys read-only in this mount namespace, once, before containers are shown it.

A fresh sysfs belongs to who owns the network namespace, so steps on the host's network get the
host's /sys. Its mounts must be read-only on this side already: a runtime makes only the topmost one
so. With the cgroup mounts below it read-only, the runtime makes no cgroups either, which a killed
build would leave behind.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from trimaran.linux import namespaces, syscalls

_MOUNTINFO, _CGROUPS = "/proc/self/mountinfo", "/sys/fs/cgroup"
_COVERED = frozenset({errno.ENOENT, errno.EINVAL})
"""What a mount gives that lies below another one: it is out of a container's reach as well."""

_KEPT = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC
"""Flags that a remount in a user namespace must repeat; their values are those of MS_…."""


def protect(*, hide_cgroups: bool = False) -> bool:
    """Make every mount at and below /sys read-only.

    Args:
        hide_cgroups: also cover /sys/fs/cgroup with an empty folder, for a runtime that refuses
            to start under some of the host's cgroups.

    Returns:
        Whether that was done: False outside a namespace of this program, or if a mount refused.
    """
    if not namespaces.entered():
        return False
    done = [_remount(target) for target in writable(Path(_MOUNTINFO).read_text())]
    if hide_cgroups and os.path.ismount(_CGROUPS) and os.listdir(_CGROUPS):
        syscalls.mount("none", _CGROUPS, "tmpfs", syscalls.MS_RDONLY | _KEPT, "size=4k,mode=755")
    return all(done)


def writable(mountinfo: str) -> list[str]:
    """The writable mount points at and below /sys (proc_pid_mountinfo(5), fields 5 and 6)."""
    found = [line.split()[4:6] for line in mountinfo.splitlines()]
    return [
        target.encode().decode("unicode_escape")
        for target, options in found
        if (target == "/sys" or target.startswith("/sys/")) and "ro" not in options.split(",")
    ]


def _remount(target: str) -> bool:
    flags = syscalls.MS_BIND | syscalls.MS_REMOUNT | syscalls.MS_RDONLY
    try:
        syscalls.mount("", target, flags=flags | os.statvfs(target).f_flag & _KEPT)
    except OSError as error:
        return error.errno in _COVERED
    return True

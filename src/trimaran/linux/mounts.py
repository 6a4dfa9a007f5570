"""Mounts as frozen values: `describe` says what a mount does, `execute` does it.

A plan of mounts can thus be tested without any right to mount. Facts are from the kernel's
Documentation/filesystems/overlayfs.rst and admin-guide/binfmt-misc.rst.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from trimaran.errors import HostError
from trimaran.linux import overlay, syscalls


class Bind(msgspec.Struct, frozen=True):
    """`target` shows what `source` holds, mounts below it included."""

    source: Path
    target: Path
    read_only: bool = False

    def describe(self) -> str:
        return f"bind {self.source} on {self.target}" + (" read-only" if self.read_only else "")

    def execute(self) -> None:
        """Raises HostError."""
        with _explained(self.describe()):
            target, flags = str(self.target), syscalls.MS_BIND | syscalls.MS_REC
            syscalls.mount(str(self.source), target, flags=flags)
            if self.read_only:
                syscalls.mount("", target, flags=_remount_flags(target) | syscalls.MS_RDONLY)


class Tmpfs(msgspec.Struct, frozen=True):
    """An empty file system in memory.

    Attributes:
        size_bytes: its limit; 0 is the kernel's default, half of the memory.
        mode: of its root folder.
        shared: what is mounted below it later is seen where it is bound (mount_namespaces(7)).
    """

    target: Path
    size_bytes: int = 0
    mode: int = 0o755
    shared: bool = False

    def describe(self) -> str:
        return f"tmpfs on {self.target}"

    def execute(self) -> None:
        """Raises HostError."""
        size = f",size={self.size_bytes}" if self.size_bytes else ""
        with _explained(self.describe()):
            flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
            options = f"mode={self.mode:o}{size}"
            syscalls.mount("tmpfs", str(self.target), "tmpfs", flags, options)
            if self.shared:
                syscalls.mount("", str(self.target), flags=syscalls.MS_SHARED)


class Proc(msgspec.Struct, frozen=True):
    """A new proc of this process's pid namespace."""

    target: Path

    def describe(self) -> str:
        return f"proc on {self.target}"

    def execute(self) -> None:
        """Raises HostError."""
        with _explained(self.describe()):
            flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
            syscalls.mount("proc", str(self.target), "proc", flags)


class BinfmtMisc(msgspec.Struct, frozen=True):
    """The user namespace's own table of binary formats; empty at its first mount (Linux 6.7).

    From then on the host's table does not count in the namespace.
    """

    target: Path = Path("/proc/sys/fs/binfmt_misc")

    def describe(self) -> str:
        return f"binfmt_misc on {self.target}"

    def execute(self) -> None:
        """Raises HostError; its cause is the OSError."""
        with _explained(self.describe()):
            syscalls.mount("binfmt_misc", str(self.target), "binfmt_misc")


class Overlay(msgspec.Struct, frozen=True):
    """Folders laid over each other.

    Without `upper` it is read-only; with `upper` and no `lowers` it is a bind of `upper`.

    Attributes:
        lowers: read-only folders, top first; up to 500 (Linux 6.7), about 100 before.
        upper: takes every change; None for none.
        work: an empty folder on the file system of `upper`; each mount needs a fresh one.
        volatile: fsync does nothing (Linux 5.10); `upper` is lost if the machine crashes.
    """

    lowers: tuple[Path, ...]
    upper: Path | None
    work: Path | None
    target: Path
    volatile: bool = True

    def describe(self) -> str:
        return f"overlay of {len(self.lowers)} folders, changes to {self.upper}, on {self.target}"

    def execute(self) -> None:
        """Raises HostError; ValueError if there is nothing to lay, or `upper` without `work`."""
        if self.upper is None and len(self.lowers) == 1:
            Bind(self.lowers[0], self.target, read_only=True).execute()
        elif self.upper is not None and not self.lowers:
            Bind(self.upper, self.target).execute()
        elif not self.lowers or (self.upper is None) != (self.work is None):
            raise ValueError(self)
        else:
            with _explained(self.describe()), ExitStack() as stack:
                uppers = (self.upper, self.work) if self.upper and self.work else None
                options = overlay.options(self.lowers, uppers, self.volatile, stack)
                overlay.mount(options, str(self.target))


Mount = Bind | Tmpfs | Proc | BinfmtMisc | Overlay


@contextmanager
def mounted(mount: Mount) -> Iterator[Path]:
    """Keep a mount for the time of a `with` block; gives its target.

    Raises:
        HostError: it cannot be mounted.
    """
    mount.execute()
    try:
        yield mount.target
    finally:
        unmount(mount.target)


def unmount(target: Path) -> None:
    """Take the topmost mount on `target` away; one in use goes from sight now, for good later.

    Raises:
        HostError: nothing is mounted there.
    """
    with _explained(f"unmount {target}"):
        try:
            syscalls.umount(str(target))
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            syscalls.umount(str(target), syscalls.MNT_DETACH)


@contextmanager
def _explained(action: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise HostError(f"cannot {_verb(action)}: {reason}", _HINTS.get(error.errno, "")) from error


def _verb(action: str) -> str:
    return action if action.startswith("unmount") else f"mount {action}"


def _remount_flags(target: str) -> int:
    """The flags that a remount in a user namespace must repeat: the kernel locks them."""
    status = os.statvfs(target).f_flag
    kept = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    # ST_NOSUID, ST_NODEV and ST_NOEXEC have the values of their MS_ counterparts.
    return syscalls.MS_BIND | syscalls.MS_REMOUNT | (status & kept)


_HINTS: dict[int | None, str] = {
    errno.ENOSPC: "the kernel's limit is reached: see /proc/sys/fs/mount-max",
    errno.E2BIG: "more than about 100 layers need Linux 6.7",
    errno.ENODEV: "the kernel was built without this file system, or its module is not loaded",
}

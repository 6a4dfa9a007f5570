"""Options of an overlay mount, short enough for the kernel and free of characters to escape.

mount(2) takes one page of options. Folders are therefore named through open descriptors,
`/proc/self/fd/N/NAME`; more of them than fit go one by one through fsconfig(2)'s `lowerdir+`.
"""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from pathlib import Path

import msgspec

from trimaran.linux import syscalls

_SPECIAL = frozenset(",:\\")
_OPEN = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Options(msgspec.Struct, frozen=True):
    """An overlay's options: lower folders, top first, then `key=value` pairs, then bare flags."""

    lowers: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]

    def text(self) -> str:
        """As mount(2) takes them."""
        pairs = (("lowerdir", ":".join(self.lowers)), *self.pairs)
        return ",".join((*(f"{key}={value}" for key, value in pairs), *self.flags))


def options(
    lowers: tuple[Path, ...], uppers: tuple[Path, Path] | None, volatile: bool, stack: ExitStack
) -> Options:
    """Name every folder through descriptors, which `stack` closes.

    Args:
        lowers: top first.
        uppers: the upper and the work folder, or None.
        volatile: whether fsync does nothing.
        stack: lives until the mount is done.

    Raises:
        OSError: a folder is missing.
    """
    # userxattr: opaque folders are marked in the user.* space, the only one that a user
    # namespace may write; the identity-mapped root is in one as well.
    flags = ("userxattr", "volatile") if volatile and uppers else ("userxattr",)
    pairs = (
        tuple(zip(("upperdir", "workdir"), (_named(path, stack) for path in uppers), strict=True))
        if uppers
        else ()
    )
    return Options(_named_lowers(lowers, stack), pairs, flags)


def mount(chosen: Options, target: str) -> None:
    """Mount it; more folders than one page names take Linux 6.7.

    Raises:
        OSError: the kernel's errno; E2BIG if the kernel is too old for so many folders.
    """
    text = chosen.text()
    if len(os.fsencode(text)) < os.sysconf("SC_PAGE_SIZE"):
        syscalls.mount("overlay", target, "overlay", 0, text)
        return
    try:
        _mount_one_by_one(chosen, target)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOSYS) and not _appends_lowers():
            raise OSError(errno.E2BIG, os.strerror(errno.E2BIG), target) from error
        raise


def _mount_one_by_one(chosen: Options, target: str) -> None:
    context = syscalls.fsopen("overlay")
    try:
        for lower in chosen.lowers:
            syscalls.fsconfig(context, syscalls.FSCONFIG_SET_STRING, "lowerdir+", lower)
        for key, value in chosen.pairs:
            syscalls.fsconfig(context, syscalls.FSCONFIG_SET_STRING, key, value)
        for flag in chosen.flags:
            syscalls.fsconfig(context, syscalls.FSCONFIG_SET_FLAG, flag)
        syscalls.fsconfig(context, syscalls.FSCONFIG_CMD_CREATE)
        mounted = syscalls.fsmount(context)
        try:
            syscalls.move_mount(mounted, target)
        finally:
            os.close(mounted)
    finally:
        os.close(context)


def _appends_lowers() -> bool:
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int("".join(filter(str.isdigit, minor)) or 0)) >= (6, 7)


def _named_lowers(lowers: tuple[Path, ...], stack: ExitStack) -> tuple[str, ...]:
    if len(lowers) == 1:
        return (_named(lowers[0], stack),)
    base = Path(os.path.commonpath(lowers))
    prefix = _named(base, stack)
    names = (str(lower.relative_to(base)) for lower in lowers)
    return tuple(
        _named(lower, stack) if _SPECIAL & set(name) else f"{prefix}/{name}"
        for lower, name in zip(lowers, names, strict=True)
    )


def _named(folder: Path, stack: ExitStack) -> str:
    descriptor = os.open(folder, _OPEN)
    stack.callback(os.close, descriptor)
    return f"/proc/self/fd/{descriptor}"

"""Paths inside a root folder, resolved as if it were `/`, without ever leaving it.

Absolute links and `..` stay inside, as openat2(2)'s RESOLVE_IN_ROOT defines it. Names are str with
surrogate escapes, so that any bytes pass.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from contextlib import ExitStack
from pathlib import Path

from trimaran.linux import syscalls

_MAXIMUM_LINKS = 40  # the kernel's own MAXSYMLINKS
_RETRIES = 16
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_root(root: Path) -> int:
    """A descriptor of a root folder for `open_in_root`; the caller closes it.

    Raises:
        OSError: it is no folder or cannot be opened.
    """
    return os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def open_in_root(root_fd: int, path: str, flags: int, mode: int = 0) -> int:
    """Open `path` inside the root; links are followed inside it, the last one by O_NOFOLLOW's rule.

    Args:
        root_fd: from `open_root`.
        path: absolute or relative to the root, which is the same.
        flags: as os.open; O_CLOEXEC is added.
        mode: of a file made by O_CREAT.

    Raises:
        OSError: as open(2); ELOOP for too many links.
    """
    resolve = syscalls.RESOLVE_IN_ROOT | syscalls.RESOLVE_NO_MAGICLINKS
    for _ in range(_RETRIES):
        try:
            return syscalls.openat2(root_fd, path or ".", flags, mode, resolve=resolve)
        except OSError as error:
            # EAGAIN: something was renamed while `..` was resolved. EPERM: an old seccomp profile
            # refuses calls that it does not know; a true one comes again below.
            if error.errno in (errno.ENOSYS, errno.EPERM):
                break
            if error.errno != errno.EAGAIN:
                raise
    return open_by_steps(root_fd, path, flags, mode)


def open_by_steps(root_fd: int, path: str, flags: int, mode: int = 0) -> int:
    """As `open_in_root`, one component at a time: for kernels before 5.6, which lack openat2.

    Raises:
        OSError: as open(2).
    """
    if path.endswith("/"):
        flags |= os.O_DIRECTORY
    keeps_last = bool(flags & os.O_NOFOLLOW) or flags & os.O_EXCL
    pending = deque(_parts(path))
    links = 0
    with ExitStack() as stack:
        folders = [root_fd]
        while pending:
            part = pending.popleft()
            if part == "..":
                folders = folders[:-1] or [root_fd]
                continue
            target = "" if keeps_last and not pending else _link(part, folders[-1])
            if target:
                links += 1
                if links > _MAXIMUM_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                folders = [root_fd] if target.startswith("/") else folders
                pending.extendleft(reversed(_parts(target)))
            elif not pending:
                return os.open(part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folders[-1])
            else:
                folders.append(os.open(part, _FOLDER, dir_fd=folders[-1]))
                stack.callback(os.close, folders[-1])
        return os.open(".", flags & ~os.O_CREAT | os.O_CLOEXEC, dir_fd=folders[-1])


def resolve(root: Path, path: str, *, follow_last: bool = True) -> Path:
    """The real location of `path` below `root`, every link resolved inside it.

    Components that do not exist are kept as written, so that they can be made. The answer holds
    while nobody else changes the root; a snapshot of one's own build is such a root.

    Args:
        root: the folder that stands for `/`.
        path: absolute or relative to the root, which is the same.
        follow_last: resolve the last component too if it is a link.

    Raises:
        OSError: ELOOP for too many links.
    """
    pending = deque(_parts(path))
    inside: list[str] = []
    links = 0
    while pending:
        part = pending.popleft()
        if part == "..":
            inside = inside[:-1]
            continue
        here = Path(root, *inside, part)
        target = _link(here) if pending or follow_last else ""
        if not target:
            inside.append(part)
            continue
        links += 1
        if links > _MAXIMUM_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        inside = [] if target.startswith("/") else inside
        pending.extendleft(reversed(_parts(target)))
    return Path(root, *inside)


def _link(path: str | Path, folder_fd: int | None = None) -> str:
    try:
        return os.readlink(path, dir_fd=folder_fd)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT, errno.ENOTDIR):
            return ""
        raise


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]

"""Removing trees that may be deep, unreadable, or hostile, without leaving their folder.

Folders are opened by descriptor and never through a symbolic link. Each is first renamed to the
top, so neither depth, path length nor the limit of open files matters. The kernel refuses to rename
a mount point (EBUSY, rename(2)): what is still mounted inside is thus never emptied.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(parent: int | str | os.PathLike[str], name: str) -> None:
    """Remove the folder `name` in `parent` (an open folder or its path) with all it holds.

    Raises:
        OSError: something could not be removed; the rest of its folder may be left.
    """
    opened = parent if isinstance(parent, int) else os.open(parent, _OPEN_FOLDER)
    try:
        folder = _open(opened, name)
        try:
            empty(folder)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=opened)
    finally:
        if opened is not parent:
            os.close(opened)


def empty(folder: int) -> None:
    """Remove everything in the open folder `folder`.

    Raises:
        OSError: something could not be removed.
    """
    with suppress(PermissionError):  # another's folder, whose mode may do
        os.fchmod(folder, 0o700)
    token = secrets.token_hex(6)
    names = (f".{token}-{number}" for number in count())
    waiting = _strip(folder, folder, names)
    while waiting:
        name = waiting.pop()
        inner = _open(folder, name)
        try:
            waiting += _strip(inner, folder, names)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)


def _strip(folder: int, top: int, names: Iterator[str]) -> list[str]:
    """Unlink the files in `folder`, move its folders to `top`; gives their names there."""
    moved = []
    with os.scandir(folder) as entries:
        listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in listed:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
            continue
        moved.append(next(names))
        try:
            os.rename(name, moved[-1], src_dir_fd=folder, dst_dir_fd=top)
        except PermissionError:  # `..` changes, which takes the folder's own write bit
            os.chmod(name, 0o700, dir_fd=folder)
            os.rename(name, moved[-1], src_dir_fd=folder, dst_dir_fd=top)
    return moved


def _open(parent: int, name: str) -> int:
    try:
        folder = os.open(name, _OPEN_FOLDER, dir_fd=parent)
    except PermissionError:  # no read bit; an overlay's own work folder has mode 000
        os.chmod(name, 0o700, dir_fd=parent)
        return os.open(name, _OPEN_FOLDER, dir_fd=parent)
    with suppress(PermissionError):
        os.fchmod(folder, 0o700)
    return folder

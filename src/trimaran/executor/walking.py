"""Folders read through descriptors: no path is resolved twice, and no link is followed.

A folder that another program swaps for a link while it is read gives an error, never that link's
target.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from trimaran.executor.filters import Filter

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
"""How a folder is opened: never through a link."""
DEPTH_LIMIT = 250
"""How deep folders may be nested: each level costs descriptors and a few calls' stack."""
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe put in its place must not block


class Found(NamedTuple):
    """One entry of a folder.

    Attributes:
        path: relative to the walked root; what ignore patterns are matched against.
        status: of the entry itself, links not followed.
    """

    name: str
    path: str
    status: os.stat_result


@contextmanager
def opened_folder(folder_fd: int, name: str) -> Iterator[int]:
    """A descriptor of the folder `name` in another.

    Raises:
        OSError: it is gone, or no folder (ENOTDIR, for a link too).
    """
    fd = os.open(name, FOLDER, dir_fd=folder_fd)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def opened_below(root_fd: int, parts: Sequence[str]) -> Iterator[int]:
    """A descriptor of the folder that is reached through `parts`, none of them a link.

    Raises:
        OSError: as `opened_folder`.
    """
    fd = os.dup(root_fd)
    try:
        for part in parts:
            fd, before = os.open(part, FOLDER, dir_fd=fd), fd
            os.close(before)
        yield fd
    finally:
        os.close(fd)


def open_file(folder_fd: int, name: str) -> tuple[int, os.stat_result]:
    """A descriptor of a regular file for reading, and its status; the caller closes it.

    Raises:
        OSError: it is gone, a link (ELOOP), or no regular file any more (ESTALE).
    """
    fd = os.open(name, _FILE, dir_fd=folder_fd)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), name)
    return fd, status


def listing(folder_fd: int, prefix: str, chosen: Filter) -> list[Found]:
    """The entries of a folder in the order of their names; sockets are left out.

    Args:
        folder_fd: the folder, opened for reading.
        prefix: its path relative to the walked root; empty for the root.
        chosen: what to leave out. A folder that is left out counts all the same where something in
            it is not.

    Raises:
        OSError: it cannot be read, or is nested too deep (ENAMETOOLONG).
    """
    if prefix.count("/") >= DEPTH_LIMIT:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), prefix)
    lead = prefix + "/" if prefix else ""
    with os.scandir(folder_fd) as entries:
        found = [
            Found(entry.name, lead + entry.name, entry.stat(follow_symlinks=False))
            for entry in entries
        ]
    found.sort()
    return [
        one
        for one in found
        if not stat.S_ISSOCK(one.status.st_mode) and included(folder_fd, one, chosen)
    ]


def included(folder_fd: int, found: Found, chosen: Filter) -> bool:
    """Whether `chosen` leaves `found`, an entry of the opened folder, or something below it.

    Raises:
        OSError: a folder below it cannot be read.
    """
    if not chosen.leaves_out(found.path):
        return True
    if not stat.S_ISDIR(found.status.st_mode) or not chosen.may_keep_below(found.path):
        return False
    if found.path not in chosen.below:
        with opened_folder(folder_fd, found.name) as fd:
            chosen.below[found.path] = bool(listing(fd, found.path, chosen))
    return chosen.below[found.path]

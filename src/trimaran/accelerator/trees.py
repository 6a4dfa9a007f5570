"""Reading files of a root that somebody else may be changing, and may have filled with traps.

Paths are resolved inside the root; only regular files of a sane size are read, and a FIFO never
blocks.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from trimaran.linux import rootfs

Identity = tuple[int, int, int, int, int]
"""Of a file: device, inode, size, change time and modification time in nanoseconds."""

_LIMIT_BYTES = 256 << 20  # compilers are large
_CHUNK_BYTES = 1 << 20
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY


def identity(status: os.stat_result) -> Identity:
    """What changes whenever the file does."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_ctime_ns,
        status.st_mtime_ns,
    )


def digest(file: int, algorithm: str) -> str:
    """The digest of an open file in hex, without moving its offset.

    Raises:
        OSError: it cannot be read.
    """
    hashed = hashlib.new(algorithm, usedforsecurity=False)
    offset = 0
    while chunk := os.pread(file, _CHUNK_BYTES, offset):
        hashed.update(chunk)
        offset += len(chunk)
    return hashed.hexdigest()


class Tree:
    """A root folder, open. Every method answers as if a file that cannot be read were not there.

    Args:
        root: the folder that stands for `/`.

    Raises:
        OSError: it is no folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._fd = rootfs.open_root(root)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def opened(self, path: str) -> Iterator[int | None]:
        """A descriptor of a regular file, links followed inside the root."""
        try:
            file = rootfs.open_in_root(self._fd, path, _READ)
        except OSError:
            yield None
            return
        try:
            yield file if stat.S_ISREG(os.fstat(file).st_mode) else None
        finally:
            os.close(file)

    def read(self, path: str) -> tuple[Identity, bytes] | None:
        """A file's identity and content."""
        with self.opened(path) as file:
            if file is None or (found := os.fstat(file)).st_size > _LIMIT_BYTES:
                return None
            with os.fdopen(os.dup(file), "rb") as reader:
                return identity(found), reader.read(_LIMIT_BYTES)

    def content(self, path: str) -> bytes:
        """A file's content, empty if there is none."""
        found = self.read(path)
        return found[1] if found else b""

    def identity(self, path: str) -> Identity | None:
        """A file's identity."""
        with self.opened(path) as file:
            return identity(os.fstat(file)) if file is not None else None

    def entries(self, path: str) -> dict[str, Identity]:
        """The names in a folder, without following links among them."""
        try:
            folder = rootfs.open_in_root(self._fd, path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return {}
        try:
            with os.scandir(folder) as found:
                return {one.name: identity(one.stat(follow_symlinks=False)) for one in found}
        except OSError:
            return {}
        finally:
            os.close(folder)

    def real(self, path: str) -> str:
        """The path without links, from `/`; raises OSError for too many of them."""
        found = rootfs.resolve(self.root, path).relative_to(self.root)
        return f"/{found}"

"""Folders inside a root, opened by descriptor so that no name in an archive leads out of it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from trimaran.linux import rootfs

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_MODE = 0o755


class Folders:
    """Gives descriptors of folders below `root`; the last one's parents stay open for the next.

    Archives list neighbours in a row, so most questions cost nothing. Links on the way are
    resolved as if the root were `/`.

    Raises:
        OSError: from every method, as the kernel's calls.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: list[bytes] = []
        self._fds = [rootfs.open_root(root)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.forget()
        os.close(self._fds[0])

    def open(self, names: Sequence[bytes], *, make: bool = False) -> int:
        """The folder's descriptor (O_PATH), good until the next call; () is the root.

        Args:
            names: the components below the root.
            make: make missing folders, 0755, owned by root.
        """
        known = 0
        for have, want in zip(self._names, names, strict=False):
            if have != want:
                break
            known += 1
        self.forget(known)
        for name in names[known:]:
            fd = self._enter(name, make)
            self._names.append(name)
            self._fds.append(fd)
        return self._fds[-1]

    def duplicate(self, names: Sequence[bytes]) -> int:
        """As `open`, but good until the caller closes it."""
        return os.dup(self.open(names))

    def forget(self, depth: int = 0) -> None:
        """Close all but the first `depth` folders: they may have been replaced."""
        while len(self._names) > depth:
            self._names.pop()
            os.close(self._fds.pop())

    def remove(self, names: Sequence[bytes]) -> None:
        """Remove a file or a whole folder, if it is there."""
        *above, name = names
        try:
            folder = self.open(above)
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return
        except IsADirectoryError:
            shutil.rmtree(os.fsdecode(name), dir_fd=folder)

    def _enter(self, name: bytes, make: bool) -> int:
        at = self._fds[-1]
        try:
            return os.open(name, _FOLDER, dir_fd=at)
        except FileNotFoundError:
            if not make:
                raise
            return _made(name, at)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
        return self._follow((*self._names, name), make)

    def _follow(self, names: Sequence[bytes], make: bool) -> int:
        path = os.fsdecode(b"/".join(names))
        if make:
            self._make_target(path)
        return rootfs.open_in_root(self._fds[0], path, os.O_PATH | os.O_DIRECTORY)

    def _make_target(self, path: str) -> None:
        """Make what a link's target lacks; there are no links in a resolved path."""
        real = rootfs.resolve(self._root, path).relative_to(self._root)
        at = os.dup(self._fds[0])
        for part in map(os.fsencode, real.parts):
            try:
                below = os.open(part, _FOLDER, dir_fd=at)
            except FileNotFoundError:
                below = _made(part, at)
            finally:
                os.close(at)
            at = below
        os.close(at)


def _made(name: bytes, folder: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, _NEW_MODE, dir_fd=folder)
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    # Whatever the umask took away.
    os.fchmod(fd, _NEW_MODE)
    return fd

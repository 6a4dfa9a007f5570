"""A copy of a folder's contents into another, entry by entry.

Both sides are walked through folder descriptors and no name is opened through a link, so nothing
outside either root is read or written, even if somebody swaps a folder for a link meanwhile.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from trimaran.executor import files, placing, sources, walking
from trimaran.executor.filters import Filter
from trimaran.executor.placing import Attributes
from trimaran.executor.sources import SourceRoot
from trimaran.executor.walking import Found

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL  # O_EXCL follows no link
_T = TypeVar("_T")


@dataclass(slots=True)
class TreeCopy:
    """Copies what one source holds.

    Attributes:
        root: where the source is, for messages.
        merged_fd: the root that is written to.
        chosen: what of the source is copied.
        links: from a file's device and inode to where its first copy is below the written root.
            In one source no path is written twice, so what stands there is still that copy.
    """

    root: SourceRoot
    attributes: Attributes
    merged_fd: int
    chosen: Filter
    links: dict[tuple[int, int], str] = field(default_factory=dict)

    def contents(self, source_fd: int, prefix: str, target_fd: int, target: str) -> None:
        """Copy everything in a folder.

        Args:
            source_fd: the folder, opened for reading.
            prefix: its path below the source root.
            target_fd: the folder to copy into.
            target: its path below the written root.

        Raises:
            TrimaranError: an entry cannot be read or written; as `copying.copy_step`.
        """
        try:
            listing = walking.listing(source_fd, prefix, self.chosen)
        except OSError as error:
            raise sources.failure(error, prefix or ".", self.root) from error
        lead = target + "/" if target else ""
        for found in listing:
            self.entry(found, source_fd, target_fd, lead + found.name)

    def entry(self, found: Found, source_fd: int, target_fd: int, target: str) -> None:
        """Copy one entry of an opened folder; `target` is its new path below the written root.

        Raises:
            TrimaranError: as `contents`.
        """
        try:
            match stat.S_IFMT(found.status.st_mode):
                case stat.S_IFREG:
                    self._file(found, source_fd, target_fd, target)
                case stat.S_IFDIR:
                    self._folder(found, source_fd, target_fd, target)
                case stat.S_IFLNK:
                    self._link(found, source_fd, target_fd, target)
                case stat.S_IFIFO:
                    self._pipe(found, target_fd, target)
                case _:
                    pass  # a device: in a user namespace mknod(2) makes none
        except OSError as error:
            raise placing.failure(error, "/" + target) from error

    def _folder(self, found: Found, source_fd: int, target_fd: int, target: str) -> None:
        name = _name(target)
        fd = self._read(found, lambda: os.open(found.name, walking.FOLDER, dir_fd=source_fd))
        try:
            made = placing.make_folder(target_fd, name)
            made_fd = placing.enter(target_fd, name, "/" + target)
            try:
                self.contents(fd, found.path, made_fd, target)
                if made or not self.chosen.is_partial(found.path):
                    self.attributes.apply(made_fd, found.status)
                else:  # as in BuildKit
                    os.chmod(made_fd, stat.S_IMODE(found.status.st_mode))
            finally:
                os.close(made_fd)
        finally:
            os.close(fd)

    def _file(self, found: Found, source_fd: int, target_fd: int, target: str) -> None:
        if self._joined(found, target_fd, target):
            return
        fd, status = self._read(found, lambda: walking.open_file(source_fd, found.name))
        try:
            made_fd = _anew(
                lambda name: os.open(name, _NEW, 0o600, dir_fd=target_fd), target_fd, target
            )
            try:
                files.copy(fd, made_fd, status.st_size)
                self.attributes.apply(made_fd, status)
                if capability := files.capability(fd):
                    files.set_capability(made_fd, capability)
            finally:
                os.close(made_fd)
        finally:
            os.close(fd)

    def _joined(self, found: Found, target_fd: int, target: str) -> bool:
        """Whether the file is a further name of one that was copied; then it became one too."""
        status = found.status
        if status.st_nlink == 1:
            return False
        first = self.links.setdefault((status.st_dev, status.st_ino), target)
        if first == target:
            return False
        *folders, first_name = first.split("/")
        with walking.opened_below(self.merged_fd, folders) as first_fd:
            _anew(
                lambda name: os.link(
                    first_name,
                    name,
                    src_dir_fd=first_fd,
                    dst_dir_fd=target_fd,
                    follow_symlinks=False,
                ),
                target_fd,
                target,
            )
        return True

    def _link(self, found: Found, source_fd: int, target_fd: int, target: str) -> None:
        to = self._read(found, lambda: os.readlink(found.name, dir_fd=source_fd))
        _anew(lambda name: os.symlink(to, name, dir_fd=target_fd), target_fd, target)
        self.attributes.apply_unopened(target_fd, _name(target), found.status)

    def _pipe(self, found: Found, target_fd: int, target: str) -> None:
        _anew(lambda name: os.mkfifo(name, 0o600, dir_fd=target_fd), target_fd, target)
        self.attributes.apply_unopened(target_fd, _name(target), found.status)

    def _read(self, found: Found, action: Callable[[], _T]) -> _T:
        try:
            return action()
        except OSError as error:
            raise sources.failure(error, found.path, self.root) from error


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _anew(make: Callable[[str], _T], folder_fd: int, path: str) -> _T:
    """Make something under the last name of `path`, in place of what may be there."""
    name = _name(path)
    try:
        return make(name)
    except FileExistsError:
        placing.make_room(folder_fd, name, "/" + path)
        return make(name)

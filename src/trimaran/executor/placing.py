"""Where a COPY puts things: its destination inside the merged root, and the folders made there."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from trimaran.errors import ContextError, HostError, StoreError, TrimaranError
from trimaran.executor import modes, walking
from trimaran.executor.sources import Source
from trimaran.executor.users import Owner
from trimaran.linux import rootfs


class Attributes(msgspec.Struct, frozen=True):
    """What copied files get.

    Attributes:
        owner: of everything; None keeps each source's.
        owners: user and group ids of sources that win over `owner`, by inode.
        mode: how a source's mode changes.
        new_owner: of folders made on the way.
    """

    owner: Owner | None
    mode: modes.Mode
    new_owner: Owner
    owners: Mapping[int, tuple[int, int]] = msgspec.field(default_factory=dict)

    def apply(self, fd: int, status: os.stat_result) -> None:
        """Owner, mode and times of an opened file or folder whose source has `status`.

        Raises:
            HostError: the owner is not among this user's ids.
            OSError: the file system refuses.
        """
        change_owner(fd, self._owner(status))  # first: chown(2) clears the setuid bits
        os.chmod(fd, self._mode(status))
        keep_times(fd, status)

    def apply_unopened(self, folder_fd: int, name: str, status: os.stat_result) -> None:
        """As `apply`, for a link or a pipe in an opened folder; a link has no mode.

        Raises:
            HostError: the owner is not among this user's ids.
            OSError: the file system refuses.
        """
        change_owner(name, self._owner(status), folder_fd)
        if not stat.S_ISLNK(status.st_mode):
            fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=folder_fd)
            try:
                os.chmod(f"/proc/self/fd/{fd}", self._mode(status))  # fchmod(2) refuses O_PATH
            finally:
                os.close(fd)
        times = (status.st_atime_ns, status.st_mtime_ns)
        os.utime(name, ns=times, dir_fd=folder_fd, follow_symlinks=False)

    def _owner(self, status: os.stat_result) -> Owner:
        if status.st_ino in self.owners:
            return Owner(*self.owners[status.st_ino])
        return self.owner or Owner(status.st_uid, status.st_gid)

    def _mode(self, status: os.stat_result) -> int:
        folder = stat.S_ISDIR(status.st_mode)
        return self.mode.of(stat.S_IMODE(status.st_mode), folder=folder)


def keep_times(fd: int, status: os.stat_result) -> None:
    """Give what is opened the times of `status`."""
    os.utime(fd, ns=(status.st_atime_ns, status.st_mtime_ns))


def change_owner(target: int | str, owner: Owner, folder_fd: int | None = None) -> None:
    """lchown(2) of a descriptor, or of a name in a folder.

    Raises:
        HostError: the ids are not mapped into this user namespace.
        OSError: the file system refuses.
    """
    try:
        if isinstance(target, int):
            os.chown(target, owner.uid, owner.gid)
        else:
            os.chown(target, owner.uid, owner.gid, dir_fd=folder_fd, follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise HostError(
            f"cannot make a file owned by {owner.uid}:{owner.gid}: not among this user's ids",
            "give the user more subordinate ids: sudo usermod --add-subuids … --add-subgids …",
        ) from error


def resolved(root: Path, destination: str) -> tuple[str, ...]:
    """The real place of a destination, relative to the merged root.

    A destination that is a link is followed inside the root, a dangling one to what it names.

    Raises:
        ContextError: its links lead round in a circle.
    """
    try:
        return rootfs.resolve(root, destination).relative_to(root).parts
    except OSError as error:
        raise failure(error, destination) from error


def location(root: Path, destination: str, source: Source) -> tuple[str, ...]:
    """The real place, relative to the merged root, that `source` becomes or is merged into.

    A file goes into a destination that ends in a slash or that is a folder, under its own name.

    Raises:
        ContextError: as `resolved`.
    """
    parts = resolved(root, destination)
    into = destination.endswith(("/", "/.")) or _is_folder(root.joinpath(*parts))
    return parts if source.is_folder or not into else (*parts, source.name)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


@contextmanager
def made_folder(root_fd: int, parts: Sequence[str], attributes: Attributes) -> Iterator[int]:
    """A descriptor of the folder at `parts`; it and its parents are made where they are missing.

    Raises:
        ContextError: a component is a file, or became a link.
        HostError: the new owner is not among this user's ids.
        OSError: it cannot be made.
    """
    fd = os.dup(root_fd)
    try:
        for depth, part in enumerate(parts, start=1):
            made = make_folder(fd, part)
            fd, before = enter(fd, part, "/" + "/".join(parts[:depth])), fd
            os.close(before)
            if made:
                change_owner(fd, attributes.new_owner)
                os.chmod(fd, attributes.mode.of_new_folder())
        yield fd
    finally:
        os.close(fd)


def make_folder(folder_fd: int, name: str) -> bool:
    """Make a folder that only its owner may use yet; False if something has that name.

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.mkdir(name, 0o700, dir_fd=folder_fd)
    except FileExistsError:
        return False
    return True


def enter(folder_fd: int, name: str, path: str) -> int:
    """A descriptor of a folder to put things into; the caller closes it.

    Raises:
        ContextError: it is a file or a link.
        OSError: it cannot be opened.
    """
    try:
        return os.open(name, walking.FOLDER, dir_fd=folder_fd)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise ContextError(f"cannot copy a folder onto {path}, which is no folder") from error
        raise


def make_room(folder_fd: int, name: str, path: str) -> None:
    """Remove what has a new file's name: a file or a link.

    Raises:
        ContextError: it is a folder, were it an empty one.
        OSError: it cannot be removed.
    """
    try:
        os.unlink(name, dir_fd=folder_fd)
    except FileNotFoundError:
        return
    except IsADirectoryError as error:
        raise ContextError(f"cannot copy a file onto {path}, which is a folder") from error


def failure(error: OSError, path: str) -> TrimaranError:
    """The error of a file that could not be written below the merged root."""
    cause = os.strerror(error.errno or 0)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"cannot write {path}: {cause}", "free some space, or run: trimaran prune"
        )
    return ContextError(f"cannot write {path}: {cause}")

"""Puts archive entries into a root, as containerd does, and nothing anywhere else.

An entry replaces what is not a folder; a folder on a folder keeps the children and takes mode,
owner and time. Owners come first, since chown(2) clears capabilities and setuid bits; then
attributes, which a read-only mode would refuse to its owner; then modes, then times.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from trimaran.errors import LayerError
from trimaran.layers import attributes
from trimaran.layers.entries import Entry, parts, shown
from trimaran.layers.folders import Folders

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Names = tuple[bytes, ...]
Pieces = Callable[[], Iterable[memoryview]]

# A later entry removed a folder, or put a file or a link, perhaps to itself, in its place.
_REPLACED = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class Extraction:
    """Writes entries below `root`; used as a context, whose end sets the folders' times.

    Args:
        root: a folder or a merged overlay mount.
        label: what the archive is, for messages.
        below: where the archive's own root is, components below `root`.
        owner: user and group id of all entries; None takes the archive's.

    Raises:
        LayerError: from every method, naming the entry.
    """

    def __init__(
        self,
        root: Path,
        label: str,
        *,
        below: Names = (),
        owner: tuple[int, int] | None = None,
    ) -> None:
        self._label = label
        self._below = below
        self._owner = owner
        self._folders = Folders(root)
        self._times: dict[Names, int] = {}
        self._written: set[Names] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._folders:
            if error is None:
                self._set_times()

    def make_root(self) -> None:
        """Make the folder that stands for the archive's root, and its parents, if missing."""
        try:
            self._folders.open(self._below, make=True)
        except OSError as error:
            raise self._error(Entry(b"/".join(self._below), "folder"), error) from error

    def place(self, entry: Entry) -> Names:
        """The entry's components below the archive's root."""
        try:
            return parts(entry.name)
        except ValueError as error:
            raise LayerError(f"{self._said(entry)}: {error}") from None

    def write(self, entry: Entry, names: Names, pieces: Pieces) -> None:
        """Make the entry at `names`, its data taken from `pieces()`. Devices are passed over.

        Device files cannot be made in a user namespace (mknod(2) says EPERM); a container's /dev
        comes from its runtime.
        """
        if entry.kind in ("char", "block"):
            return
        try:
            self._write(entry, (*self._below, *names), pieces)
        except OSError as error:
            raise self._error(entry, error) from error
        self._note(names)

    def remove(self, names: Names) -> None:
        """Remove what is at `names`, if anything."""
        try:
            self._folders.remove((*self._below, *names))
        except OSError as error:
            raise self._error(Entry(b"/".join(names), "file"), error) from error

    def remove_children(self, names: Names) -> None:
        """Remove what is in the folder `names`, but for what this archive wrote."""
        for child in self._children(names):
            inner = (*names, child)
            if inner in self._written:
                self.remove_children(inner)
            else:
                self.remove(inner)

    def _children(self, names: Names) -> Sequence[bytes]:
        try:
            folder = self._folders.open((*self._below, *names))
            fd = os.open(b".", _OPEN_FOLDER, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._error(Entry(b"/".join(names), "folder"), error) from error
        try:
            return sorted(map(os.fsencode, os.listdir(fd)))
        finally:
            os.close(fd)

    def _note(self, names: Names) -> None:
        while names and names not in self._written:
            self._written.add(names)
            names = names[:-1]

    def _write(self, entry: Entry, names: Names, pieces: Pieces) -> None:
        if not names:
            if entry.kind != "folder":
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self._folder(entry, b".", self._folders.open(()))
            self._times[names] = entry.mtime_ns
            return
        name = names[-1]
        folder = self._folders.open(names[:-1], make=True)
        try:
            self._make(entry, names, name, folder, pieces)
        except FileExistsError:
            self._folders.remove(names)
            folder = self._folders.open(names[:-1], make=True)
            self._make(entry, names, name, folder, pieces)

    def _make(self, entry: Entry, names: Names, name: bytes, folder: int, pieces: Pieces) -> None:
        match entry.kind:
            case "file":
                self._file(entry, name, folder, pieces)
            case "folder":
                with suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=folder)
                self._folder(entry, name, folder)
                self._times[names] = entry.mtime_ns
            case "symlink":
                os.symlink(entry.link, name, dir_fd=folder)
                self._unopened(entry, name, folder)
            case "fifo":
                os.mkfifo(name, 0o600, dir_fd=folder)
                self._unopened(entry, name, folder)
            case "link":
                self._link(entry, names)
            case "char" | "block":
                pass

    def _file(self, entry: Entry, name: bytes, folder: int, pieces: Pieces) -> None:
        fd = os.open(name, _NEW_FILE, 0o600, dir_fd=folder)
        try:
            for piece in pieces():
                _write_all(fd, piece)
            self._adorn(entry, fd)
            os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
        finally:
            os.close(fd)

    def _folder(self, entry: Entry, name: bytes, folder: int) -> None:
        try:
            fd = os.open(name, _OPEN_FOLDER, dir_fd=folder)
        except OSError as error:
            # It is no folder, so it is to be replaced.
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise FileExistsError from error
            raise
        try:
            self._adorn(entry, fd)
        finally:
            os.close(fd)

    def _adorn(self, entry: Entry, fd: int) -> None:
        self._own(entry, partial(os.fchown, fd))
        if entry.xattrs:
            attributes.put(fd, entry.xattrs)
        os.fchmod(fd, entry.mode)

    def _own(self, entry: Entry, chown: Callable[[int, int], None]) -> None:
        uid, gid = self._owner or (entry.uid, entry.gid)
        try:
            chown(uid, gid)
        except OSError as error:
            # chown(2) in a user namespace: the id has no mapping.
            if error.errno != errno.EINVAL:
                raise
            raise LayerError(
                f"{self._said(entry)} belongs to {uid}:{gid}, which is outside of the range of"
                " subordinate ids of this user",
                "give the user more: sudo usermod --add-subuids 100000-165535"
                " --add-subgids 100000-165535 $USER",
            ) from error

    def _unopened(self, entry: Entry, name: bytes, folder: int) -> None:
        self._own(entry, partial(os.chown, name, dir_fd=folder, follow_symlinks=False))
        if entry.kind == "fifo":
            os.chmod(name, entry.mode, dir_fd=folder)
        if entry.xattrs:
            attributes.put(b"/proc/self/fd/%d/%b" % (folder, name), entry.xattrs)
        times = (entry.mtime_ns, entry.mtime_ns)
        os.utime(name, ns=times, dir_fd=folder, follow_symlinks=False)

    def _link(self, entry: Entry, names: Names) -> None:
        target = (*self._below, *self._target(entry))
        if target == names:
            return
        try:
            source = self._folders.duplicate(target[:-1])
            try:
                folder = self._folders.open(names[:-1], make=True)
                where = {"src_dir_fd": source, "dst_dir_fd": folder}
                os.link(target[-1], names[-1], **where, follow_symlinks=False)
            finally:
                os.close(source)
        except FileNotFoundError as error:
            raise LayerError(f"{self._said(entry)}, which is not there") from error

    def _target(self, entry: Entry) -> Names:
        try:
            target = parts(entry.link)
        except ValueError as error:
            raise LayerError(f"{self._said(entry)}: {error}") from None
        if not target:
            raise LayerError(f"{self._said(entry)}, which is a folder")
        return target

    def _set_times(self) -> None:
        for names, mtime_ns in reversed(self._times.items()):
            times = (mtime_ns, mtime_ns)
            try:
                if names:
                    folder, name = self._folders.open(names[:-1]), names[-1]
                    os.utime(name, ns=times, dir_fd=folder, follow_symlinks=False)
                else:
                    os.utime(b".", ns=times, dir_fd=self._folders.open(()))
            except OSError as error:
                if error.errno not in _REPLACED:
                    raise

    def _error(self, entry: Entry, error: OSError) -> LayerError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return LayerError(
            f"{self._said(entry)}: {error.strerror}",
            "free some space, or put the store on a larger disk" if full else "",
        )

    def _said(self, entry: Entry) -> str:
        target = f": hard link to {shown(entry.link)}" if entry.kind == "link" else ""
        return f"{self._label}: entry {shown(entry.name)}{target}"


def _write_all(fd: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(fd, piece) :]

"""Walks a folder for an archive: sorted, descriptor by descriptor, never through a link.

An overlay's upper folder holds deletions as the kernel's overlayfs.rst describes: whiteouts are
0:0 character devices, or empty files with the attribute `overlay.whiteout`; opaque folders have
`overlay.opaque` = y. They come out as the image-spec's `.wh.` files (layer.md, Whiteouts).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping

import msgspec

from trimaran.errors import LayerError
from trimaran.layers import attributes
from trimaran.layers.entries import Entry, Kind, shown

WHITEOUT_PREFIX = b".wh."
OPAQUE_MARKER = b".wh..wh..opq"

_PARTIAL = frozenset((b"redirect", b"metacopy"))
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NS = 10**9
_KINDS: Mapping[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
}
"""Sockets are missing: nothing outside the process that bound one can use it."""


class Found(msgspec.Struct, frozen=True):
    """An entry, and its open file for reading `entry.size` bytes; -1 where there is no data.

    The descriptor is closed when the walk goes on.
    """

    entry: Entry
    fd: int = -1


class Scan:
    """One walk below a folder, which itself is no part of it.

    Args:
        root: the folder.
        overlay: whether it is an overlay's upper folder, with its marks for deletions.
        clamp_mtime: later times become this one, in seconds since the epoch.
    """

    def __init__(self, root: bytes, *, overlay: bool, clamp_mtime: int | None) -> None:
        self._root = root
        self._overlay = overlay
        self._latest_ns = None if clamp_mtime is None else clamp_mtime * _NS
        self._links: dict[tuple[int, int], bytes] = {}

    def __iter__(self) -> Iterator[Found]:
        stack: list[tuple[int, bytes, Iterator[tuple[bytes, bool]]]] = []
        try:
            stack.append(self._open(self._root, None, b""))
            while stack:
                folder, prefix, names = stack[-1]
                for name, is_folder in names:
                    if is_folder:
                        stack.append(self._open(name, folder, prefix + name + b"/"))
                        yield from self._folder(stack[-1][0], prefix + name)
                        break
                    yield from self._other(folder, name, prefix + name)
                else:
                    os.close(stack.pop()[0])
        finally:
            for folder, _, _ in stack:
                os.close(folder)

    def _open(
        self, name: bytes, folder: int | None, prefix: bytes
    ) -> tuple[int, bytes, Iterator[tuple[bytes, bool]]]:
        fd = os.open(name, _READ | os.O_DIRECTORY, dir_fd=folder)
        try:
            with os.scandir(fd) as found:
                names = [
                    (os.fsencode(item.name), item.is_dir(follow_symlinks=False)) for item in found
                ]
        except OSError:
            os.close(fd)
            raise
        return fd, prefix, iter(sorted(names))

    def _folder(self, fd: int, path: bytes) -> Iterator[Found]:
        self._check_name(path)
        xattrs, marks = self._attributes(fd, path)
        yield Found(self._entry(path, os.fstat(fd), "folder", xattrs=xattrs))
        if marks.get(b"opaque") == b"y":
            yield Found(_marker(path + b"/" + OPAQUE_MARKER))

    def _other(self, folder: int, name: bytes, path: bytes) -> Iterator[Found]:
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        kind = _KINDS.get(stat.S_IFMT(facts.st_mode))
        if kind is None:
            return
        if kind == "char" and facts.st_rdev == 0 and self._overlay:
            yield Found(_marker(path[: -len(name)] + WHITEOUT_PREFIX + name))
            return
        self._check_name(path)
        if kind == "file":
            yield from self._file(folder, name, path)
        elif (link := self._first_link(facts, path)) is not None:
            yield Found(self._entry(path, facts, "link", link=link))
        elif kind == "symlink":
            target = os.readlink(name, dir_fd=folder)
            yield Found(self._entry(path, facts, kind, link=target))
        else:
            yield Found(self._entry(path, facts, kind))

    def _file(self, folder: int, name: bytes, path: bytes) -> Iterator[Found]:
        fd = os.open(name, _READ | os.O_NONBLOCK, dir_fd=folder)
        try:
            facts = os.fstat(fd)
            xattrs, marks = self._attributes(fd, path)
            if not facts.st_size and b"whiteout" in marks:
                yield Found(_marker(path[: -len(name)] + WHITEOUT_PREFIX + name))
            elif (link := self._first_link(facts, path)) is not None:
                yield Found(self._entry(path, facts, "link", link=link))
            else:
                yield Found(self._entry(path, facts, "file", xattrs=xattrs), fd)
        finally:
            os.close(fd)

    def _first_link(self, facts: os.stat_result, path: bytes) -> bytes | None:
        if facts.st_nlink == 1:
            return None
        first = self._links.setdefault((facts.st_dev, facts.st_ino), path)
        return None if first == path else first

    def _entry(
        self,
        path: bytes,
        facts: os.stat_result,
        kind: Kind,
        *,
        link: bytes = b"",
        xattrs: Mapping[bytes, bytes] | None = None,
    ) -> Entry:
        mtime = facts.st_mtime_ns
        device = facts.st_rdev if kind in ("char", "block") else 0
        return Entry(
            path,
            kind,
            stat.S_IMODE(facts.st_mode),
            facts.st_uid,
            facts.st_gid,
            facts.st_size if kind == "file" else 0,
            mtime if self._latest_ns is None else min(mtime, self._latest_ns),
            link,
            os.major(device),
            os.minor(device),
            xattrs or {},
        )

    def _check_name(self, path: bytes) -> None:
        if self._overlay and path.rpartition(b"/")[2].startswith(WHITEOUT_PREFIX):
            raise LayerError(
                f"{shown(path)} cannot be stored in a layer: such a name means a deletion there",
                "remove or rename the file in the step that makes it",
            )

    def _attributes(
        self, fd: int, path: bytes
    ) -> tuple[Mapping[bytes, bytes], Mapping[bytes, bytes]]:
        xattrs, marks = attributes.read(fd)
        if not self._overlay:
            return xattrs, {}
        if not _PARTIAL.isdisjoint(marks):
            raise LayerError(
                f"{shown(path)} holds only part of its content:"
                " the overlay was mounted with redirect_dir or metacopy"
            )
        return xattrs, marks


def _marker(name: bytes) -> Entry:
    """Whiteouts carry no metadata of worth: zeros make them the same on every run."""
    return Entry(name, "file", 0)

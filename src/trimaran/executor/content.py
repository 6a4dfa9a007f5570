"""The digest of what a COPY from a local folder would copy, for the step's identity.

Hashes of files are remembered by device, inode, size, mtime and ctime, so that a build of which
nothing changed reads no file.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable

import msgspec

from trimaran.executor import files, selection, sources, walking
from trimaran.executor.filters import Filter
from trimaran.executor.selection import Selected
from trimaran.executor.sources import Source, SourceRoot
from trimaran.executor.walking import Found
from trimaran.graph.steps import Copy, Part

RECORD_KIND = "file-hashes-1"
"""The kind of the store's record that keeps a context's `FileHashes`; its key is the folder."""

_CHUNK_BYTES = 1024 * 1024
# A file changed again within one tick of the file system's clock keeps its times. The coarsest
# clock in use, FAT's, ticks every 2 s.
_SETTLED_NS = 2_000_000_000
_SPARE_ENTRIES = 20_000

_Entry = tuple[bytes, str, int, bytes]
"""Path, kind, mode, and the hash of a file or the target of a link."""


class _Memo(msgspec.Struct, frozen=True, array_like=True):
    dev: int
    ino: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    digest: bytes

    def is_of(self, status: os.stat_result) -> bool:
        return (self.size_bytes, self.mtime_ns, self.ctime_ns) == (
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )


class FileHashes:
    """Remembered hashes of one context's files.

    Args:
        record: what `encoded` gave in an earlier build; None, or anything unreadable, is empty.
        now_ns: the clock that stamps files, in nanoseconds since the epoch.
    """

    def __init__(
        self, record: bytes | None = None, *, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._now_ns = now_ns
        self._known = {(memo.dev, memo.ino): memo for memo in _decoded(record)}
        self._used: dict[tuple[int, int], _Memo] = {}
        self._changed = False

    def of(self, folder_fd: int, found: Found) -> bytes:
        """The hash of a regular file's bytes and capabilities, read only if it is not known.

        Raises:
            OSError: it cannot be read.
        """
        key = (found.status.st_dev, found.status.st_ino)
        memo = self._known.get(key)
        if memo is None or not memo.is_of(found.status):
            started_ns = self._now_ns()
            memo = _read(folder_fd, found.name)
            if started_ns - memo.ctime_ns < _SETTLED_NS:
                return memo.digest
            self._known[key] = memo
            self._changed = True
        self._used[key] = memo
        return memo.digest

    def encoded(self) -> bytes | None:
        """The record to keep for the next build; None if it is the one that was given.

        Files that were not asked for, those of another target perhaps, are kept while they are few.
        """
        if not self._changed:
            return None
        few = len(self._known) <= 2 * len(self._used) + _SPARE_ENTRIES
        return msgspec.msgpack.encode(list((self._known if few else self._used).values()))


def digest(step: Copy, part: Part, root: SourceRoot, hashes: FileHashes) -> str:
    """64 hex digits over what `part` of `step` takes: paths, kinds, modes, link targets, contents.

    Times and owners are left out: a checkout changes the first, and the second is no part of what
    is copied. A folder that is a source itself counts by what is in it, as it is copied.

    Raises:
        ContextError: a source is missing, ignored, unreadable or malformed.
    """
    with sources.opened(root) as root_fd:
        selected = selection.select(step, part, root)
        listed = [_listed(root, root_fd, one, hashes) for one in selected]
    return hashlib.sha256(msgspec.msgpack.encode(listed)).hexdigest()


class _Lister:
    """Lists what one source holds."""

    def __init__(self, root: SourceRoot, chosen: Filter, hashes: FileHashes) -> None:
        self._root = root
        self._chosen = chosen
        self._hashes = hashes
        self.entries: list[_Entry] = []

    def source(self, root_fd: int, source: Source) -> None:
        if source.is_folder:
            self.entries.append((b"", "folder", 0, b""))
            with walking.opened_below(root_fd, source.parts) as fd:
                self._folder(fd, source.path, "")
            return
        with walking.opened_below(root_fd, source.parts[:-1]) as fd:
            found = Found(source.parts[-1], source.path, source.status)
            self._entry(fd, found, source.name)

    def _folder(self, folder_fd: int, prefix: str, lead: str) -> None:
        for found in walking.listing(folder_fd, prefix, self._chosen):
            self._entry(folder_fd, found, lead + found.name)

    def _entry(self, folder_fd: int, found: Found, name: str) -> None:
        try:
            kind, value = self._described(folder_fd, found)
        except OSError as error:
            raise sources.failure(error, found.path, self._root) from error
        if kind:
            mode = 0 if kind == "link" else stat.S_IMODE(found.status.st_mode)
            if owner := self._root.owners.get(found.status.st_ino):
                kind = f"{kind} of {owner[0]}:{owner[1]}"
            self.entries.append((os.fsencode(name), kind, mode, value))
        if kind.startswith("folder"):
            with walking.opened_folder(folder_fd, found.name) as fd:
                self._folder(fd, found.path, name + "/")

    def _described(self, folder_fd: int, found: Found) -> tuple[str, bytes]:
        """Kind, and a file's hash or a link's target; no kind for what is not copied."""
        match stat.S_IFMT(found.status.st_mode):
            case stat.S_IFREG:
                return "file", self._hashes.of(folder_fd, found)
            case stat.S_IFDIR:
                return "folder", b""
            case stat.S_IFLNK:
                return "link", os.fsencode(os.readlink(found.name, dir_fd=folder_fd))
            case stat.S_IFIFO:
                return "pipe", b""
            case _:
                return "", b""


def _listed(root: SourceRoot, root_fd: int, one: Selected, hashes: FileHashes) -> list[_Entry]:
    lister = _Lister(root, one.chosen, hashes)
    try:
        lister.source(root_fd, one.source)
    except OSError as error:
        raise sources.failure(error, one.source.written, root) from error
    return lister.entries


def _read(folder_fd: int, name: str) -> _Memo:
    fd, status = walking.open_file(folder_fd, name)
    hasher = hashlib.sha256()
    with os.fdopen(fd, "rb", buffering=0) as file:
        step = min(status.st_size + 1, _CHUNK_BYTES)
        while chunk := file.read(step):
            hasher.update(chunk)
        if capability := files.capability(fd):
            hasher = hashlib.sha256(hasher.digest() + capability)
    return _Memo(
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        hasher.digest(),
    )


def _decoded(record: bytes | None) -> list[_Memo]:
    try:
        return msgspec.msgpack.decode(record or b"\x90", type=list[_Memo])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []

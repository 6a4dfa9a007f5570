"""Folders that outlive builds: what RUN --mount=type=cache shows.

caches/NAME/
├── fs/     the files, which belong to ids of the user namespace
├── about   what it is, as JSON
├── lock    flocked by who uses it, shared or alone; its time is that of the last use
└── marks   the boot, and the use, since which nothing was synced; missing if all is on the disk

A cache is made whole and renamed to its name. Programs write to it as they like and may be killed
at any moment: they must be able to live with what they find. What a crash of the machine left may
be files without their contents, with which no program reckons: a cache that was written since the
last sync is then thrown away.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import msgspec

from trimaran.store import files, sizes, trees
from trimaran.store.scratch import Scratch
from trimaran.store.uses import Uses

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Cache(msgspec.Struct, frozen=True):
    """A cache for people.

    Attributes:
        name: its folder's.
        key: what it is: the target or id, and the platform.
        number: 0, or which further one where several builds each wanted one of their own.
        used: the last use, in seconds.
        size_bytes: what its files take on the disk.
    """

    name: str
    key: str
    number: int
    used: float
    size_bytes: int


class _About(msgspec.Struct, frozen=True):
    key: str
    number: int = 0


class Caches:
    """The caches in `folder`."""

    def __init__(self, folder: Path, scratch: Scratch, uses: Uses) -> None:
        self._folder = folder
        self._scratch = scratch
        self._uses = uses

    @contextmanager
    def held(
        self, key: str, number: int, *, alone: bool, fill: Callable[[Path], None]
    ) -> Iterator[Path | None]:
        """Use a cache for the time of a `with` block; gives its files, None if another bars it.

        Args:
            key: what it is.
            number: which one of that key, from 0.
            alone: bar all others, else only those who want it alone.
            fill: writes the first contents into an empty folder.

        Raises:
            StoreError: it cannot be made.
        """
        folder = self._folder / _name(key, number)
        self._uses.note(use_name(folder.name))
        lock = self._lock(folder, key, number, alone=alone, fill=fill)
        if lock is None:
            yield None
            return
        try:
            with self._guarded(f"use cache {key}"):
                os.utime(lock)
                (folder / "marks").write_text(f"{_boot_id()} {secrets.token_hex(8)}", "ascii")
            yield folder / "fs"
        finally:
            os.close(lock)

    def folder(self, name: str) -> Path:
        """Where the cache of that name is."""
        return self._folder / name

    def listed(self) -> list[Cache]:
        """Every cache, that used last first. Enter the namespaces before: others own the files."""
        found = [self._read(self._folder / name) for name in self._names()]
        return sorted((it for it in found if it is not None), key=lambda it: -it.used)

    def remove(self, name: str) -> bool:
        """Remove a cache, in the namespaces; gives False if it is in use or gone.

        Raises:
            StoreError: its files cannot be removed.
        """
        with self._guarded(f"remove cache {name}"):
            removed = self._scratch.new_path("removed")
            if not self.move_away(name, removed):
                return False
            trees.remove(removed.parent, removed.name)
        return True

    def move_away(self, name: str, target: Path) -> bool:
        """Rename a cache's folder out of the store; gives False if it is in use or gone."""
        lock = _try_lock(self._folder / name, alone=True)
        if lock is None:
            return False
        try:
            os.rename(self._folder / name, target)
        finally:
            os.close(lock)
        return True

    def marks(self) -> Mapping[str, str]:
        """What was used since it was last synced, to be given to `unmark` after a sync."""
        found: dict[str, str] = {}
        for name in self._names():
            with suppress(OSError):
                found[name] = (self._folder / name / "marks").read_text("ascii")
        return found

    def unmark(self, marks: Mapping[str, str]) -> None:
        """Take note that what the marks stand for is on the disk, unless it was used since."""
        for name, mark in marks.items():
            lock = _try_lock(self._folder / name, alone=True)
            if lock is None:
                continue
            path = self._folder / name / "marks"
            with suppress(OSError):
                if path.read_text("ascii") == mark:
                    path.unlink()
            os.close(lock)

    def _lock(
        self, folder: Path, key: str, number: int, *, alone: bool, fill: Callable[[Path], None]
    ) -> int | None:
        while True:
            lock = _try_lock(folder, alone=alone)
            if lock is None and folder.exists():
                return None
            if lock is not None and self._is_whole(folder):
                return lock
            if lock is not None:
                os.close(lock)
                self.remove(folder.name)
            self._make(folder, _About(key, number), fill)

    def _is_whole(self, folder: Path) -> bool:
        try:
            boot, _, _ = (folder / "marks").read_text("ascii").partition(" ")
        except FileNotFoundError:
            return True
        return boot == _boot_id()

    def _make(self, folder: Path, about: _About, fill: Callable[[Path], None]) -> None:
        with self._guarded(f"make cache {about.key}"):
            files.ensure_folder(self._folder)
            new = self._scratch.new_path("cache")
            (new / "fs").mkdir(parents=True)
            (new / "fs").chmod(0o755)  # whatever the umask
            (new / "about").write_bytes(msgspec.json.encode(about))
            (new / "lock").touch(mode=0o600)
            (new / "marks").write_text(_boot_id(), "ascii")
        fill(new / "fs")
        with self._guarded(f"make cache {about.key}"):
            try:
                os.rename(new, folder)
            except OSError:
                if not folder.exists():
                    raise
                trees.remove(new.parent, new.name)  # another build was faster

    def _read(self, folder: Path) -> Cache | None:
        try:
            used = (folder / "lock").stat().st_mtime
            about = msgspec.json.decode((folder / "about").read_bytes(), type=_About)
        except (OSError, msgspec.DecodeError):
            return None
        return Cache(folder.name, about.key, about.number, used, sizes.size_bytes(folder / "fs"))

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []

    def _guarded(self, action: str) -> AbstractContextManager[None]:
        return files.guarded(self._folder.parent, action)


def use_name(name: str) -> str:
    """What a cache is called in `Uses`."""
    return f"caches/{name}"


def _name(key: str, number: int) -> str:
    digest = hashlib.sha256(f"{number} {key}".encode()).digest()
    return base64.b32encode(digest[:10]).decode("ascii").lower()


def _try_lock(folder: Path, *, alone: bool) -> int | None:
    """A descriptor that holds the cache's lock; None if there is no cache, or another bars it."""
    path = folder / "lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        # It may have been removed, or replaced, before it was locked.
        if os.path.samestat(os.fstat(lock), os.stat(path)):
            return lock
    os.close(lock)
    return None


def _boot_id() -> str:
    return _BOOT_ID.read_text("ascii").strip()

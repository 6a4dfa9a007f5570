"""Snapshots: the layer folders of steps, as overlayfs takes them.

Syncing each would cost more than most steps. A snapshot therefore carries the boot in which it was
made and counts while that boot lasts: the page cache holds what the disk may lack. `sync` makes all
of them durable at once and then marks them; after a crash, one without the mark counts as missing.

The time of `synced`, or of `boot` where that is missing, is that of the last use.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trimaran.errors import StoreError
from trimaran.linux import syscalls
from trimaran.store import files, trees
from trimaran.store.locks import Locks
from trimaran.store.scratch import Scratch
from trimaran.store.uses import Uses

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def snapshot_name(identity: str) -> str:
    """The 16 characters that a snapshot's folder is called by: short, as mount(2) takes a page."""
    return name_of(hashlib.sha256(identity.encode()).hexdigest())


def name_of(sha256: str) -> str:
    """The same, of an identity of this digest: so is a record called that has it as its key."""
    return base64.b32encode(bytes.fromhex(sha256)[:10]).decode("ascii").lower()


class Snapshots:
    """The snapshots in `folder`."""

    def __init__(self, folder: Path, scratch: Scratch, locks: Locks, uses: Uses) -> None:
        self.folder = folder
        self._scratch = scratch
        self._locks = locks
        self._uses = uses
        self._boot = ""

    def get(self, identity: str) -> Path | None:
        """The finished snapshot's `fs` folder; None if there is none that counts."""
        folder = self.folder / snapshot_name(identity)
        self._uses.note(folder.name)
        return folder / "fs" if self._counts(folder) else None

    @contextmanager
    def new(self, identity: str) -> Iterator[PendingSnapshot]:
        """A snapshot to be filled, discarded at the end unless committed. Raises StoreError."""
        with files.guarded(self.folder.parent, "make a snapshot"):
            folder = self._scratch.new_path("snapshot")
            for path in (folder, folder / "fs", folder / "work"):
                path.mkdir()
                path.chmod(0o755)  # whatever the umask: fs becomes a root folder
        try:
            yield PendingSnapshot(self, identity, folder)
        finally:
            with suppress(OSError):  # what is left is swept later
                trees.remove(folder.parent, folder.name)

    def keep(self, identity: str, pending: Path) -> Path:
        """Take `pending` into the store, unless another build was first."""
        target = self.folder / snapshot_name(identity)
        self._uses.note(target.name)
        (pending / "boot").write_text(self._boot_id(), "ascii")
        with self._locks.lock("snapshots"):
            if not self._counts(target):
                self._move_away(target)
                os.rename(pending, target)
        return target / "fs"

    def names(self) -> list[str]:
        """The names of all snapshots, counting or not."""
        return sorted(os.listdir(self.folder))

    def has(self, name: str) -> bool:
        """Whether there is one of this name, counting or not."""
        return (self.folder / name).is_dir()

    def marks(self, name: str) -> tuple[Path, Path]:
        """The files of which the first that is there has the time of the last use."""
        return self.folder / name / "synced", self.folder / name / "boot"

    def sync(self) -> bool:
        """Make the snapshots that are not marked yet durable, with all beside them, and mark them.

        syncfs(2) waits for the whole file system, other programs' files too: it is not called where
        every snapshot has its mark, and the answer is False.
        """
        fresh = [name for name in self.names() if self._unmarked(self.folder / name)]
        if not fresh:
            return False
        with files.guarded(self.folder.parent, "sync the store"):
            _sync_file_system(self.folder)
            for name in fresh:
                with suppress(FileNotFoundError):
                    (self.folder / name / "synced").touch()
        return True

    def _move_away(self, folder: Path) -> Path | None:
        target = self._scratch.new_path("removed")
        try:
            os.rename(folder, target)
        except FileNotFoundError:
            return None
        return target

    def _unmarked(self, folder: Path) -> bool:
        return not (folder / "synced").exists() and self._is_of_this_boot(folder)

    def _counts(self, folder: Path) -> bool:
        if files.touch(folder / "synced"):
            return True
        return self._is_of_this_boot(folder) and files.touch(folder / "boot")

    def _is_of_this_boot(self, folder: Path) -> bool:
        try:
            return (folder / "boot").read_text("ascii") == self._boot_id()
        except (FileNotFoundError, UnicodeDecodeError):
            return False

    def _boot_id(self) -> str:
        if not self._boot:
            self._boot = _BOOT_ID.read_text("ascii").strip()
        return self._boot


def _sync_file_system(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syscalls.syncfs(descriptor)
    finally:
        os.close(descriptor)


class PendingSnapshot:
    """A snapshot that is being filled.

    Attributes:
        fs: the empty folder that becomes the layer: an overlay's upper folder.
        work: that overlay's work folder, on the same file system.
    """

    def __init__(self, snapshots: Snapshots, identity: str, folder: Path) -> None:
        self.fs = folder / "fs"
        self.work = folder / "work"
        self._folder = folder
        self._snapshots = snapshots
        self._identity = identity
        self._committed = False

    def commit(self) -> Path:
        """Make it part of the store; nothing may be mounted on it any more.

        Returns:
            The finished `fs` folder: this one, or an equal one that another build made first.

        Raises:
            StoreError: it could not be stored, or was committed before.
        """
        if self._committed:
            raise StoreError("a snapshot can be committed once")
        self._committed = True
        with files.guarded(self._snapshots.folder.parent, "commit a snapshot"):
            trees.remove(self._folder, "work")
            return self._snapshots.keep(self._identity, self._folder)

"""What the commands that run now rely on, so that a collector beside them leaves it alone.

tmp/OWNER/used   the names of what an owner looked for or wrote, a line each
locks/collect    shared while an owner adds a name, exclusive while a collector takes things away

An owner adds the name before it looks. So a collector that holds the lock and does not find a name
may take the thing: whoever looks for it later does not find it, and makes it anew. No clock is
asked, and what a build does not use can be removed however long the build takes. The names of a
killed owner go when its folder is swept.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trimaran.errors import StoreError
from trimaran.store import files
from trimaran.store.scratch import Scratch

_NAMES = "used"
_PATIENCE_S = 10.0
_POLL_S = 0.005


class Uses:
    """One open store's part of it.

    Args:
        root: the store's folder.
        scratch: this owner's folder.
    """

    def __init__(self, root: Path, scratch: Scratch) -> None:
        self._root = root
        self._scratch = scratch
        self._guard = threading.Lock()
        self._holders = 0
        self._lock = -1
        self._names: int | None = None
        self._stuck = False
        self._noted: set[str] = set()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Add names for the time of a `with` block, the outermost if there are several."""
        with self._guard:
            self._holders += 1
        try:
            yield
        finally:
            with self._guard:
                self._holders -= 1
                if not self._holders:
                    self._forget()

    def note(self, name: str) -> None:
        """Say that `name` is looked for from now on. Raises StoreError."""
        if name in self._noted or not self._holders:
            return
        with self._guard, files.guarded(self._root, "lock the store"):
            if self._lock < 0:
                self._lock = _open(self._root / "locks" / "collect")
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            # On a full disk it cannot be written down: then the lock is kept, and nothing is taken.
            self._stuck = self._stuck or not self._add(name)
            if not self._stuck:
                fcntl.flock(self._lock, fcntl.LOCK_UN)
            self._noted.add(name)

    @contextmanager
    def collecting(self) -> Iterator[frozenset[str]]:
        """Bar all from adding names, for a moment; gives those that are there.

        Raises:
            StoreError: another does not let go of the lock.
        """
        with files.guarded(self._root, "lock the store"):
            lock = _open(self._root / "locks" / "collect")
        try:
            self._acquire(lock)
            yield self.named()
        finally:
            os.close(lock)

    def named(self) -> frozenset[str]:
        """The names that are there now, of the living and of those who were killed just now."""
        found: set[str] = set()
        for path in (self._root / "tmp").glob(f"*/{_NAMES}"):
            with suppress(FileNotFoundError):
                found.update(path.read_text("utf-8").splitlines())
        return frozenset(found)

    def _add(self, name: str) -> bool:
        line = f"{name}\n".encode()
        with suppress(OSError):
            if self._names is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._names = os.open(self._scratch.folder / _NAMES, flags, 0o600)
            return os.write(self._names, line) == len(line)
        return False

    def _acquire(self, lock: int) -> None:
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    hint = "wait for the running builds"
                    raise StoreError(f"the store {self._root} is in use", hint) from None
                time.sleep(_POLL_S)
            else:
                return

    def _forget(self) -> None:
        if self._names is not None:
            os.close(self._names)
            with suppress(OSError):
                (self._scratch.folder / _NAMES).unlink()
            self._scratch.leave()
        if self._lock >= 0:
            os.close(self._lock)
        self._names, self._lock, self._stuck = None, -1, False
        self._noted.clear()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

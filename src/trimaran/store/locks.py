"""Locks between processes, as flocks: a killed process releases what it held."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from trimaran.store import files

_LEASE = "lease"


class Locks:
    """The lock files in one folder.

    A named lock's file is removed by its last holder. One that waited for a file without a name
    notices and begins anew, so two never hold the same name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold `name` alone; waits for it. Raises StoreError."""
        path = self._folder / f"{quote(name, safe='')}.lock"
        with self._guarded(f"lock {name}"):
            held = _acquire(path)
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()
            os.close(held)

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Hold the lease with others; waits while someone removes content."""
        with self._guarded("lock the store"):
            held = _open(self._folder / _LEASE)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield
        finally:
            os.close(held)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the lease alone; gives False, at once, if another holds it."""
        with self._guarded("lock the store"):
            held = _open(self._folder / _LEASE)
        try:
            yield _try_exclusive(held)
        finally:
            os.close(held)

    def _guarded(self, action: str) -> AbstractContextManager[None]:
        return files.guarded(self._folder.parent, action)


def _acquire(path: Path) -> int:
    while True:
        held = _open(path)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(held), os.stat(path)):
                    return held
        except BaseException:
            os.close(held)
            raise
        os.close(held)


def _try_exclusive(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

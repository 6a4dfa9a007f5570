"""The folder of unfinished things: one per open store, held by a flock while its owner lives.

The kernel drops a flock with its last descriptor, also after kill -9; so whoever gets the lock of a
folder below tmp/ knows that its owner is gone. Neither ages nor process ids (which are reused, and
differ between pid namespaces) are asked.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path

from trimaran.store import trees

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Scratch:
    """The owner's side; the folder is made when it is first needed."""

    def __init__(self, tmp: Path) -> None:
        self._tmp = tmp
        self._guard = threading.Lock()
        self._held: tuple[Path, int] | None = None

    @property
    def folder(self) -> Path:
        """This owner's folder below tmp/. Raises OSError."""
        with self._guard:
            while self._held is None:
                self._held = _acquire(self._tmp / secrets.token_hex(8))
            return self._held[0]

    def new_path(self, kind: str) -> Path:
        """A name in the folder that nothing else uses."""
        return self.folder / f"{kind}-{secrets.token_hex(8)}"

    def leave(self) -> None:
        """Remove the folder if nothing is in it."""
        with self._guard:
            if self._held is None:
                return
            path, held = self._held
            with suppress(OSError):
                path.rmdir()
                self._held = None
                os.close(held)

    def close(self) -> None:
        """Remove the folder; what cannot be removed is left for a sweep."""
        with self._guard:
            if self._held is None:
                return
            path, held = self._held
            self._held = None
            with suppress(OSError):
                _discard(path, held)
            os.close(held)


def sweep(tmp: Path) -> None:
    """Remove what dead owners left; what this user may not remove is left for one who may."""
    for name in os.listdir(tmp):
        with suppress(OSError):
            _sweep_one(tmp / name)


def _acquire(path: Path) -> tuple[Path, int] | None:
    path.mkdir(mode=0o700)
    try:
        held = os.open(path, _OPEN_FOLDER)
    except FileNotFoundError:  # a sweep was faster
        return None
    fcntl.flock(held, fcntl.LOCK_EX)
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(held), os.stat(path)):
            return path, held
    os.close(held)  # swept before it was locked
    return None


def _sweep_one(path: Path) -> None:
    held = os.open(path, _OPEN_FOLDER)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _discard(path, held)
    finally:
        os.close(held)


def _discard(path: Path, held: int) -> None:
    trees.empty(held)
    path.rmdir()

"""Memos under a kind and a key: results of steps, hashes of files. Any of them may be lost.

Only the owner can read them, be the store's folder open to others or not.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from trimaran.store import files
from trimaran.store.scratch import Scratch
from trimaran.store.uses import Uses


class Records:
    """The records below `folder`. The time of a record's file is that of its last use."""

    def __init__(self, folder: Path, scratch: Scratch, uses: Uses) -> None:
        self._folder = folder
        self._scratch = scratch
        self._uses = uses

    def get(self, kind: str, key: str) -> bytes | None:
        """What was put last; None if nothing was."""
        path = self._path(kind, key)
        self._uses.note(_name(path))
        with suppress(FileNotFoundError):
            return path.read_bytes() if files.touch(path) else None
        return None

    def put(self, kind: str, key: str, data: bytes, *, durable: bool) -> None:
        """Keep `data`; unless `durable`, a crash of the machine may hurt it. Raises StoreError."""
        with files.guarded(self._folder.parent, f"write a record of {kind}"):
            path, scratch = self._path(kind, key), self._scratch.folder
            self._uses.note(_name(path))
            files.write_whole(path, data, scratch, 0o600, durable=durable)

    def remove(self, kind: str, key: str) -> bool:
        """Forget a record; gives whether there was one."""
        try:
            self._path(kind, key).unlink()
        except FileNotFoundError:
            return False
        return True

    def expire(self, kind: str, age_s: float) -> None:
        """Forget the records of a kind that were put longer ago, or seem to be of the future."""
        now = time.time()
        for path in (self._folder / quote(kind, safe="")).glob("*"):
            with suppress(FileNotFoundError):
                if not 0 <= now - path.stat().st_mtime <= age_s:
                    path.unlink()

    def listed(self) -> Iterator[tuple[str, Path]]:
        """Every record's name for `Uses`, KIND/KEY, and its file."""
        for path in sorted(self._folder.glob("*/*")):
            yield _name(path), path

    def all(self) -> Iterator[bytes]:
        """Every record's data."""
        for _, path in self.listed():
            with suppress(FileNotFoundError):
                yield path.read_bytes()

    def _path(self, kind: str, key: str) -> Path:
        return self._folder / quote(kind, safe="") / file_name(key)


def file_name(key: str) -> str:
    """What the record of a key is called, below its kind."""
    return hashlib.sha256(key.encode()).hexdigest()


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"

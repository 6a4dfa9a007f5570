"""Blobs of a layout's folder whose download was cut short, kept for the next command.

FOLDER/.partial-ALGORITHM-HEX holds the first bytes of that blob: a name that readers of layouts
pass over, as the image-spec knows `oci-layout`, `index.json` and `blobs` alone. Its flock says that
a command is writing it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from trimaran import digests
from trimaran.store.partial_file import PartialFile

_PREFIX = ".partial-"


class LayoutPartial:
    """A blob's first `size_bytes` bytes; `commit` makes it the file `target`."""

    def __init__(self, path: Path, file: BinaryIO, digest: str, target: Path) -> None:
        self._partial = PartialFile(path, file, digest)
        self._target = target

    @property
    def size_bytes(self) -> int:
        return self._partial.size_bytes

    def write(self, data: bytes) -> None:
        """Append. Raises OSError."""
        self._partial.write(data)

    def restart(self) -> None:
        """Forget what is there. Raises OSError."""
        self._partial.restart()

    def commit(self, expected_size: int) -> None:
        """Make it a blob of the layout.

        Raises:
            ImageError: these are other bytes; none of them is kept.
            OSError: it could not be written.
        """
        self._partial.check(expected_size)
        self._partial.publish(self._target)


@contextmanager
def opened(folder: Path, digest: str, target: Path) -> Iterator[LayoutPartial | None]:
    """The beginning of a blob, alone among all processes; kept at the end unless committed.

    None if another made it whole while this one waited. Raises OSError.
    """
    path = folder / (_PREFIX + digests.check(digest).replace(":", "-"))
    with _held(path) as file:
        partial = LayoutPartial(path, file, digest, target)
        try:
            yield None if target.exists() else partial
        finally:
            if not partial.size_bytes or target.exists():
                _remove(path, file)


def clear(folder: Path) -> None:
    """Remove what nobody is writing. What cannot be removed stays: it hinders no one."""
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError), open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(path, file)


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    while True:
        with open(path, "a+b", buffering=1 << 20) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever had it before may have renamed or removed it.
            if _is(path, file):
                yield file
                return


def _remove(path: Path, file: BinaryIO) -> None:
    """Remove the file under its first name, unless that is another one by now."""
    if _is(path, file):
        path.unlink(missing_ok=True)


def _is(path: Path, file: BinaryIO) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    return False

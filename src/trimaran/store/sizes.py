"""What files and trees take on the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_BLOCK_BYTES = 512  # of st_blocks, stat(2)


def size_bytes(path: Path) -> int:
    """What a file, or a tree with all in it, takes; what has several names counts once.

    What cannot be read, or goes meanwhile, counts nothing.
    """
    seen: set[tuple[int, int]] = set()
    total = 0
    for status in _walk(path):
        key = (status.st_dev, status.st_ino)
        if key not in seen:
            seen.add(key)
            total += status.st_blocks * _BLOCK_BYTES
    return total


def _walk(path: Path) -> Iterator[os.stat_result]:
    waiting = [os.fspath(path)]
    with suppress(OSError):
        yield os.lstat(path)
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # somebody uses it
                    status = entry.stat(follow_symlinks=False)
                    yield status
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)

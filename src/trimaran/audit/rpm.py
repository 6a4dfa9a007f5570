"""What rpm's database says of its packages' architecture: SQLite, and SUSE's ndb.

Older distributions keep a Berkeley DB, which is not read.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

_FOLDERS = (b"var/lib/rpm/", b"usr/lib/sysimage/rpm/", b"usr/share/rpm/")
_SQLITE, _NDB = b"rpmdb.sqlite", b"Packages.db"
DATABASES = frozenset(folder + name for folder in _FOLDERS for name in (_SQLITE, _NDB))
LIMIT_BYTES = 1 << 30
_HEADER_LIMIT_BYTES = 32 << 20
_ARCH = 1022  # RPMTAG_ARCH
_STEPS, _CALLS = 100_000, 100
"""What a query may cost in SQLite's own steps: a hostile schema can ask for work without end."""
_PAGE_SLOTS = 4096 // 16
_PAGES_LIMIT = 2048


def architectures(database: Path) -> tuple[bytes, ...]:
    """The architecture of each installed package, empty for keys; nothing if it is damaged.

    Args:
        database: a file that was one of `DATABASES`.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with database.open("rb") as file:
            is_ndb = file.read(4) == b"RpmP"
        headers = _of_ndb(database) if is_ndb else _of_sqlite(database)
        return tuple(map(_architecture, headers))
    except (sqlite3.Error, struct.error):
        return ()


def _of_sqlite(database: Path) -> Iterator[bytes]:
    # Immutable: it is in write-ahead mode, which would ask for files beside it.
    uri = f"{database.as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _HEADER_LIMIT_BYTES)
        calls = iter(range(_CALLS))
        connection.set_progress_handler(lambda: next(calls, None) is None, _STEPS)
        for (header,) in connection.execute("SELECT blob FROM Packages"):
            yield header if isinstance(header, bytes) else b""


def _of_ndb(database: Path) -> Iterator[bytes]:
    """Slots behind a header of 32 bytes; each names a blob by its number of 16 bytes (rpmpkg.c)."""
    with database.open("rb") as file:
        _, _, _, pages = struct.unpack("<4I", file.read(16))
        file.seek(32)
        slots = file.read(min(pages, _PAGES_LIMIT) * _PAGE_SLOTS * 16 - 32)
        for magic, package, block, _ in struct.iter_unpack("<4s3I", slots[: len(slots) & ~15]):
            if magic != b"Slot" or not package:
                continue
            file.seek(block * 16)
            _, _, _, size = struct.unpack("<4s3I", file.read(16))
            yield file.read(min(size, _HEADER_LIMIT_BYTES))


def _architecture(header: bytes) -> bytes:
    """RPMTAG_ARCH of a header: counts, an index of tags, their data (rpm's Header format)."""
    (count,) = struct.unpack_from(">I", header)
    index = header[8 : 8 + 16 * count]
    for tag, _, offset, _ in struct.iter_unpack(">4I", index[: len(index) & ~15]):
        if tag == _ARCH:
            return header[8 + 16 * count + offset :].partition(b"\0")[0]
    return b""

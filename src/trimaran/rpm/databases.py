"""rpm's database as a file of headers: SQLite, and SUSE's ndb.

Older distributions keep a Berkeley DB, which is not read.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from trimaran.rpm.headers import DamagedError

FOLDERS = ("usr/lib/sysimage/rpm", "var/lib/rpm", "usr/share/rpm")
SQLITE, NDB = "rpmdb.sqlite", "Packages.db"
LOG, JOURNAL = "-wal", "-journal"
"""Of SQLite: what was written and is not in the file yet; what undoes a change that was begun."""
_HEADER_LIMIT_BYTES = 32 << 20
_STEPS, _CALLS = 100_000, 100
"""What a query may cost in SQLite's own steps: a hostile schema can ask for work without end."""
_PAGE_BYTES, _SLOT_BYTES, _BLOCK_BYTES = 4096, 16, 16
_PAGES_LIMIT = 2048
_HEAD, _TAIL = struct.Struct("<4s3I"), struct.Struct("<2I4s")


def headers(database: Path) -> Iterator[bytes]:
    """The header of each installed package, those that were installed first before others.

    Args:
        database: a file that nobody writes. SQLite's log beside it counts.

    Raises:
        DamagedError: it is no such database, or half written.
        OSError: it cannot be read.
    """
    try:
        with database.open("rb") as file:
            is_ndb = file.read(4) == b"RpmP"
        yield from _of_ndb(database) if is_ndb else _of_sqlite(database)
    except (sqlite3.Error, struct.error) as error:
        raise DamagedError(str(error)) from error


def _of_sqlite(database: Path) -> Iterator[bytes]:
    # Immutable: it is in write-ahead mode, which would ask for files beside it.
    has_log = database.with_name(f"{database.name}{LOG}").exists()
    mode = "mode=rw" if has_log else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"{database.as_uri()}?{mode}", uri=True)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _HEADER_LIMIT_BYTES)
        calls = iter(range(_CALLS))
        connection.set_progress_handler(lambda: next(calls, None) is None, _STEPS)
        for (header,) in connection.execute("SELECT blob FROM Packages ORDER BY hnum"):
            yield header if isinstance(header, bytes) else b""


def _of_ndb(database: Path) -> Iterator[bytes]:
    """Slots behind a header of 32 bytes; each names a blob by its number of 16 bytes (rpmpkg.c)."""
    with database.open("rb") as file:
        _, _, _, pages = struct.unpack("<4I", file.read(16))
        file.seek(2 * _SLOT_BYTES)
        slots = file.read(min(pages, _PAGES_LIMIT) * _PAGE_BYTES - 2 * _SLOT_BYTES)
        whole = slots[: len(slots) - len(slots) % _SLOT_BYTES]
        used = [one for one in _HEAD.iter_unpack(whole) if one[0] == b"Slot" and one[1]]
        for _, package, block, blocks in sorted(used, key=lambda one: one[1]):
            file.seek(block * _BLOCK_BYTES)
            yield _blob(file.read(min(blocks * _BLOCK_BYTES, _HEADER_LIMIT_BYTES)), package)


def _blob(whole: bytes, package: int) -> bytes:
    """What is between head and tail, which has an Adler-32 of all before it."""
    magic, number, _, size = _HEAD.unpack_from(whole)
    end = len(whole) - _TAIL.size
    checksum, size_again, end_magic = _TAIL.unpack_from(whole, max(end, 0))
    found = (magic, number, size_again, end_magic, checksum)
    if found != (b"BlbS", package, size, b"BlbE", zlib.adler32(whole[:end])):
        raise DamagedError(f"the header of package {package} is half written")
    return whole[_HEAD.size : _HEAD.size + size]

"""rpm's databases in the form that the rpm of the tests cannot write."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path


def ndb(database: Path) -> bytes:
    """The headers of an SQLite database as rpm's lib/backend/ndb/rpmpkg.c writes them.

    One page of slots, and blobs in blocks of 16 bytes.
    """
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT blob FROM Packages ORDER BY hnum")
        headers = [row[0] for row in rows]
    slots = struct.pack("<4s7I", b"RpmP", 0, 1, 1, len(headers) + 1, 0, 0, 0)
    blobs = b""
    for number, header in enumerate(headers, 1):
        size = 16 + len(header) + 12
        slots += struct.pack("<4s3I", b"Slot", number, (4096 + len(blobs)) // 16, -(-size // 16))
        blob = struct.pack("<4s3I", b"BlbS", number, 1, len(header)) + header
        blob += bytes(-(len(blob) + 12) % 16)
        blobs += blob + struct.pack("<2I4s", zlib.adler32(blob), len(header), b"BlbE")
    return slots + b"Slot".ljust(16, b"\0") * ((4096 - len(slots)) // 16) + blobs

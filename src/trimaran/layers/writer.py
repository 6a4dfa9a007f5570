"""The header blocks that our archives consist of: ustar, and PAX records only where needed."""

from __future__ import annotations

from collections.abc import Mapping

from trimaran.layers import headers, pax
from trimaran.layers.entries import Entry, Kind
from trimaran.layers.headers import BLOCK_BYTES, Header

END = bytes(2 * BLOCK_BYTES)
"""Closes an archive."""

_TYPEFLAGS: Mapping[Kind, bytes] = {
    "file": b"0",
    "link": b"1",
    "symlink": b"2",
    "char": b"3",
    "block": b"4",
    "folder": b"5",
    "fifo": b"6",
}
_NS = 10**9
_LINK_BYTES = 100


def encode(entry: Entry) -> bytes:
    """The blocks that stand before an entry's data. Times are cut to whole seconds.

    The data follows, filled up with zeros to a multiple of 512 bytes (`padding`).
    """
    header = Header(
        entry.name + b"/" if entry.kind == "folder" else entry.name,
        _TYPEFLAGS[entry.kind],
        entry.mode,
        entry.uid,
        entry.gid,
        entry.size,
        entry.mtime_ns // _NS,
        entry.link,
        entry.major,
        entry.minor,
    )
    records = _records(header, entry.xattrs)
    block = headers.encode(header)
    return _extended(header.name, records) + block if records else block


def padding(size: int) -> bytes:
    """The zeros after `size` bytes of data."""
    return bytes(-size % BLOCK_BYTES)


def _records(header: Header, xattrs: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    records = {pax.XATTR_PREFIX + key: value for key, value in xattrs.items()}
    if headers.split_name(header.name) is None:
        records[b"path"] = header.name
    if len(header.link) > _LINK_BYTES:
        records[b"linkpath"] = header.link
    if any(not _is_utf8(records.get(key, b"")) for key in (b"path", b"linkpath")):
        records[b"hdrcharset"] = b"BINARY"
    for key, value, width in (
        (b"uid", header.uid, 8),
        (b"gid", header.gid, 8),
        (b"size", header.size, 12),
        (b"mtime", header.mtime_s, 12),
    ):
        if not headers.fits(value, width):
            records[key] = b"%d" % value
    return records


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _extended(name: bytes, records: Mapping[bytes, bytes]) -> bytes:
    data = pax.encode(records)
    base = name.rstrip(b"/").rpartition(b"/")[2]
    header = Header((b"PaxHeaders.0/" + base)[:100], b"x", 0o644, size=len(data))
    return headers.encode(header) + data + padding(len(data))

r"""PAX extended header records: `LENGTH KEY=VALUE\n` (POSIX pax, "pax Extended Header").

Keys and values are bytes: POSIX wants UTF-8, but file capabilities and odd names are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

XATTR_PREFIX = b"SCHILY.xattr."
"""Where star, Go's archive/tar and thus every engine keep extended attributes."""

_TIME = re.compile(rb"(-?)([0-9]+)(?:\.([0-9]*))?")
_LONGEST_LENGTH = 20
_NS = 10**9


def encode(records: Mapping[bytes, bytes]) -> bytes:
    """The records, sorted by key, but `hdrcharset` first since it governs those after it."""
    keys = sorted(records, key=lambda key: (key != b"hdrcharset", key))
    return b"".join(_record(key, records[key]) for key in keys)


def _record(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def decode(data: bytes) -> dict[bytes, bytes]:
    """Read records; of two with one key the last counts.

    Raises:
        ValueError: the data is malformed.
    """
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(data):
        digits, space, _ = data[position : position + _LONGEST_LENGTH].partition(b" ")
        end = position + (int(digits) if space and digits.isdigit() else 0)
        record = data[position + len(digits) + 1 : end]
        key, equals, value = record[:-1].partition(b"=")
        if end > len(data) or record[-1:] != b"\n" or not (key and equals):
            raise ValueError("malformed PAX record")
        records[key] = value
        position = end
    return records


def decode_time(value: bytes) -> int:
    """Nanoseconds of a decimal time in seconds; digits beyond nanoseconds are dropped.

    Raises:
        ValueError: it is none.
    """
    match = _TIME.fullmatch(value)
    if match is None:
        raise ValueError("malformed PAX time")
    fraction = int((match[3] or b"")[:9].ljust(9, b"0"))
    total = int(match[2]) * _NS + fraction
    return -total if match[1] else total


def decode_number(value: bytes) -> int:
    """A decimal number, not negative.

    Raises:
        ValueError: it is none.
    """
    if not value.isdigit():
        raise ValueError("malformed PAX number")
    return int(value)

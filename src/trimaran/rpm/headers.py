"""A package's header, as rpm's database holds it (rpm's docs/manual/format_header.md, rpmtag.h)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

NAME, VERSION, RELEASE, EPOCH, ARCH = 1000, 1001, 1002, 1003, 1022
FILE_STATES, FILE_DIGESTS, SOURCE_RPM, FOLDER_INDEXES = 1029, 1035, 1044, 1116
BASE_NAMES, FOLDER_NAMES, DIGEST_ALGORITHM = 1117, 1118, 5011
_CHAR, _INT32, _STRING, _STRINGS, _TRANSLATED = 1, 4, 6, 8, 9
_TEXTS = (_STRING, _STRINGS, _TRANSLATED)


class DamagedError(ValueError):
    """What was read is no header, or no database of them."""


class Header:
    """Counts, an index of tags, and their data.

    Args:
        blob: all of it; a signature and a magic number, which files have before it, are left out.

    Raises:
        DamagedError: it is none.
    """

    def __init__(self, blob: bytes) -> None:
        try:
            count, _ = struct.unpack_from(">2I", blob)
            index = blob[8 : 8 + 16 * count]
            entries = tuple(struct.iter_unpack(">4I", index))
        except struct.error as error:
            raise DamagedError(str(error)) from error
        if len(entries) != count:
            raise DamagedError("its index is cut off")
        self._data = blob[8 + 16 * count :]
        # What rpm added when it installed the package stands behind, and counts.
        self._index = {tag: (kind, offset, length) for tag, kind, offset, length in entries}

    def text(self, tag: int) -> str:
        """A tag's text, the first one of several; empty if there is none."""
        return next((one.decode(errors="replace") for one in self.texts(tag)), "")

    def texts(self, tag: int) -> list[bytes]:
        """A tag's texts; none if it has no such.

        Raises:
            DamagedError: they reach out of the header.
        """
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        if kind not in _TEXTS:
            return []
        found = self._data[offset:].split(b"\0", count)
        if len(found) != count + 1:
            raise DamagedError("its texts are cut off")
        return found[:count]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """A tag's numbers, of 32 bits or of 8; none if it has no such.

        Raises:
            DamagedError: they reach out of the header.
        """
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        if kind not in (_INT32, _CHAR):
            return ()
        size = 4 if kind == _INT32 else 1
        found = self._data[offset : offset + size * count]
        if len(found) != size * count:
            raise DamagedError("its numbers are cut off")
        return struct.unpack(f">{count}{'I' if kind == _INT32 else 'B'}", found)


class Files:
    """The files that a header lists.

    Raises:
        DamagedError: its lists are not of one length.
    """

    def __init__(self, header: Header) -> None:
        self._names = b"\0" + b"".join(one + b"\0" for one in header.texts(BASE_NAMES))
        self._folders = header.texts(FOLDER_NAMES)
        self._indexes = header.numbers(FOLDER_INDEXES)
        self._digests = header.texts(FILE_DIGESTS)
        self._states = header.numbers(FILE_STATES)
        count = self._names.count(b"\0") - 1
        if not self._digests or not self._states:
            count, self._names = 0, b"\0"  # of what was built in some other way nothing is known
        elif {len(self._indexes), len(self._digests), len(self._states)} - {count}:
            raise DamagedError("its lists of files do not fit")
        if any(index >= len(self._folders) for index in self._indexes):
            raise DamagedError("its folders do not fit")

    def named(self, name: bytes) -> Iterator[tuple[bytes, int, str]]:
        """Folder, state and digest in hex of each file of a base name.

        The digest of what is no regular file is empty; state 0 is a file that was installed, and
        has not made room for another package's.
        """
        at = -1
        while (at := self._names.find(b"\0" + name + b"\0", at + 1)) >= 0:
            place = self._names.count(b"\0", 0, at)
            folder = self._folders[self._indexes[place]]
            yield folder, self._states[place], self._digests[place].decode(errors="replace")

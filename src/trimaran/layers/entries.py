"""One entry of a tar archive, as the reader gives it and the writer takes it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

Kind = Literal["file", "folder", "symlink", "link", "fifo", "char", "block"]

_NOTHING: Mapping[bytes, bytes] = MappingProxyType({})


class Entry(msgspec.Struct, frozen=True):
    """A file, folder, link or device in an archive.

    Names are bytes, since Linux's are. `name` has no trailing slash; it is otherwise as written in
    the archive, so a reader's consumer must not trust it (see `parts`).

    Attributes:
        mode: permission bits with setuid, setgid and sticky, 0 to 0o7777.
        size: bytes of data that follow; 0 for all but files.
        mtime_ns: nanoseconds since the epoch, possibly negative.
        link: a symlink's target, or the name of the entry that a hard link stands for.
        major: a device's major number.
        minor: a device's minor number.
        xattrs: extended attributes by full name, such as `security.capability`.
    """

    name: bytes
    kind: Kind
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    link: bytes = b""
    major: int = 0
    minor: int = 0
    xattrs: Mapping[bytes, bytes] = _NOTHING


def parts(name: bytes) -> tuple[bytes, ...]:
    """The components of an archive's name below the root; () is the root itself.

    A leading slash is dropped and `..` is taken lexically, as containerd does.

    Raises:
        ValueError: the name leaves the root, or holds a NUL.
    """
    if b"\0" in name:
        raise ValueError("the name holds a NUL byte")
    found: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not found:
                raise ValueError("the name leads out of the root")
            found.pop()
        elif part not in (b"", b"."):
            found.append(part)
    return tuple(found)


def shown(name: bytes) -> str:
    """A name for messages: quoted, with odd bytes escaped."""
    return repr(os.fsdecode(name))

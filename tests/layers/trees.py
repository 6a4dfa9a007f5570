"""What a folder holds, as one comparable value."""

from __future__ import annotations

import os
import stat
from pathlib import Path

Facts = tuple[object, ...]


def tree(root: Path, *, times: bool = True) -> dict[bytes, Facts]:
    """Every entry below `root` with its metadata, content and group of hard links."""
    top = os.fsencode(root)
    found: dict[bytes, Facts] = {}
    links: dict[int, bytes] = {}
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, top)
            facts = os.lstat(path)
            several = facts.st_nlink > 1 and not stat.S_ISDIR(facts.st_mode)
            found[relative] = (
                oct(facts.st_mode),
                facts.st_uid,
                facts.st_gid,
                int(facts.st_mtime) if times else 0,
                _content(path, facts.st_mode),
                _xattrs(path, facts.st_mode),
                links.setdefault(facts.st_ino, relative) if several else b"",
            )
    return dict(sorted(found.items()))


def _content(path: bytes, mode: int) -> bytes:
    if stat.S_ISREG(mode):
        with open(path, "rb") as file:
            return file.read()
    return os.readlink(path) if stat.S_ISLNK(mode) else b""


def _xattrs(path: bytes, mode: int) -> dict[str, bytes]:
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return {}
    return {
        name: os.getxattr(path, name)
        for name in os.listxattr(path)
        if not name.startswith("user.overlay.")
    }

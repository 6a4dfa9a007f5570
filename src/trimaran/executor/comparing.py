"""Two layers of one step compared: what native stand-ins made against what the emulator makes."""

from __future__ import annotations

import filecmp
import fnmatch
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from trimaran.layers import attributes

DIFFERING = (
    "var/log/*",
    "var/cache/ldconfig/aux-cache",
    "var/lib/apt/lists/*",
    "var/cache/apt/*.bin",
    "var/lib/systemd/*",
    "var/cache/debconf/*-old",
    "var/lib/dpkg/*-old",
    "etc/machine-id",
    "etc/ssh/ssh_host_*_key",
    "etc/ssh/ssh_host_*_key.pub",
    "etc/ssl/*/ssl-cert-snakeoil.*",
    "*/.config/go/telemetry",
    "*/.config/go/telemetry/*",
    "*/go-build/*-a",
    "*/go-build/trim.txt",
    "*/.global-cache",
    "*/.fingerprint/*/*",
    "*/incremental/*/s-*",
    "*/.ninja_deps",
    "*/.ninja_log",
    "*/CMakeFiles/CMakeConfigureLog.yaml",
    "tmp/*",
)
"""Files that differ between any two runs: logs, indexes of what was fetched when, new keys, what
build tools note of when files were used or changed, and the names of their passing folders."""
_COMPILED = ".pyc"
_TIMES = slice(8, 16)
"""Of a compiled Python module: when its source was changed and how long that is (PEP 552)."""


def differences(left: Path, right: Path) -> tuple[str, ...]:
    """The paths whose kind, mode, owner, size, content, link or attributes differ, and how.

    Args:
        left: a layer's folder.
        right: another one's.
    """
    names = sorted(set(_paths(left)) | set(_paths(right)))
    found = ((name, _difference(left / name, right / name)) for name in names)
    return tuple(
        f"/{name}: {what}"
        for name, what in found
        if what and not any(fnmatch.fnmatchcase(name, pattern) for pattern in DIFFERING)
    )


def _paths(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield os.path.relpath(os.path.join(place, name), folder)


def _difference(left: Path, right: Path) -> str:
    if not os.path.lexists(left) or not os.path.lexists(right):
        return "only with stand-ins" if os.path.lexists(left) else "only without stand-ins"
    one, other = left.lstat(), right.lstat()
    facts = {
        "kind": (stat.S_IFMT(one.st_mode), stat.S_IFMT(other.st_mode)),
        "mode": (stat.S_IMODE(one.st_mode), stat.S_IMODE(other.st_mode)),
        "owner": ((one.st_uid, one.st_gid), (other.st_uid, other.st_gid)),
        "device": (one.st_rdev, other.st_rdev),
    }
    for name, (mine, its) in facts.items():
        if mine != its:
            return name
    if stat.S_ISLNK(one.st_mode):
        return "" if os.readlink(left) == os.readlink(right) else "link"
    if _attributes(left) != _attributes(right):
        return "attributes"
    if stat.S_ISREG(one.st_mode) and not _same_content(left, right):
        return "content"
    return ""


def _same_content(left: Path, right: Path) -> bool:
    if left.suffix != _COMPILED:
        return filecmp.cmp(left, right, shallow=False)
    one, other = (bytearray(path.read_bytes()) for path in (left, right))
    one[_TIMES] = other[_TIMES]
    return one == other


def _attributes(path: Path) -> tuple[object, ...]:
    """What a layer keeps of them, and whether a folder hides what is below it."""
    if not stat.S_ISREG(path.lstat().st_mode) and not path.is_dir():
        return ()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        kept, marks = attributes.read(descriptor)
    finally:
        os.close(descriptor)
    return kept, marks.get(b"opaque")

"""What package databases say of their architecture: dpkg's and apk's plain text, and rpm's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from trimaran.audit.facts import Packages
from trimaran.rpm import databases
from trimaran.rpm.headers import ARCH, DamagedError, Header

LIMIT_BYTES = 64 << 20
_INDEPENDENT = ("all", "noarch", "(none)", "")
_DPKG_STATUS = b"var/lib/dpkg/status"
_DPKG_FOLDER = b"var/lib/dpkg/status.d/"  # distroless images: a file for each package
_DPKG_ARCHITECTURES = b"var/lib/dpkg/arch"
_APK_ARCHITECTURES = b"etc/apk/arch"
_APK_INSTALLED = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
RPM_DATABASES = frozenset(
    f"{folder}/{name}".encode()
    for folder in databases.FOLDERS
    for name in (databases.SQLITE, databases.NDB)
)
RPM_LIMIT_BYTES = 1 << 30


def is_database(path: bytes) -> bool:
    """Whether a file below the root is one that `read_packages` knows."""
    return path in (
        _DPKG_STATUS,
        _DPKG_ARCHITECTURES,
        _APK_ARCHITECTURES,
        *_APK_INSTALLED,
    ) or (path.startswith(_DPKG_FOLDER) and not path.endswith(b".md5sums"))


def read_packages(path: bytes, content: bytes) -> Packages:
    """The architectures in a package database's file (deb822(5), apk-v2(5), dpkg(1))."""
    words = tuple(content.decode(errors="replace").split())
    if path == _DPKG_ARCHITECTURES:
        return Packages("dpkg", declared=words)
    if path == _APK_ARCHITECTURES:
        return Packages("apk", declared=words)
    if path in _APK_INSTALLED:
        return Packages("apk", _count(record.get(b"A", b"") for record in _records(content)))
    installed = (
        record.get(b"Architecture", b"")
        for record in _records(content)
        if record.get(b"Status", b"install ok installed").endswith(b" installed")
    )
    return Packages("dpkg", _count(installed))


def read_rpm(database: Path) -> Packages:
    """The architectures in one of `RPM_DATABASES`; none if it is damaged. Raises OSError."""
    try:
        found = [Header(blob).text(ARCH).encode() for blob in databases.headers(database)]
    except DamagedError:
        found = []
    return Packages("rpm", _count(found))


def _count(architectures: Iterable[bytes]) -> dict[str, int]:
    names = (name.decode(errors="replace") for name in architectures)
    return dict(Counter(name for name in names if name not in _INDEPENDENT))


def _records(content: bytes) -> Iterable[dict[bytes, bytes]]:
    for block in content.split(b"\n\n"):
        fields = (line.partition(b":") for line in block.split(b"\n") if line[:1] != b" ")
        yield {name: value.strip() for name, colon, value in fields if colon}

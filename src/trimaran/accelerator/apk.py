"""apk's database: packages and the SHA-1 of every file in one text (apk-installed(5))."""

from __future__ import annotations

import binascii
import re

from trimaran.accelerator.packages import Owned, Package
from trimaran.accelerator.trees import Identity, Tree

_PATHS = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_SHA1_BYTES = 20


class Contents:
    """All that the text says."""

    def __init__(self, text: bytes) -> None:
        self.packages: dict[str, Package] = {}
        self.files: dict[str, Owned] = {}
        self.architecture = ""
        for record in re.split(rb"\n{2,}", text):
            lines = [line.partition(b":")[::2] for line in record.split(b"\n")]
            if package := _package(lines):
                self.packages[package.name] = package
                self._add_files(package, lines)
                if package.architecture != "noarch":
                    self.architecture = self.architecture or package.architecture

    def _add_files(self, package: Package, lines: list[tuple[bytes, bytes]]) -> None:
        """F names a folder, R a file in it, and Z behind that the digest of its content."""
        folder = path = b""
        for key, value in lines:
            if key == b"F":
                folder = b"/" + value.strip(b"/")
            elif key == b"R":
                path = folder.rstrip(b"/") + b"/" + value
            elif key == b"Z" and path and (digest := _sha1(value)):
                name = path.decode(errors="surrogateescape")
                self.files[name] = Owned(package, "sha1", digest)


class Memory:
    """What was read of a file that did not change since."""

    def __init__(self) -> None:
        self.known: tuple[Identity, Contents] | None = None


class Apk:
    """The database of one root, read when it is made.

    Args:
        tree: the root.
        memory: of earlier readings.
    """

    manager = "apk"
    busy = False  # the text is replaced as a whole, behind all files

    def __init__(self, tree: Tree, memory: Memory) -> None:
        self._contents = _contents(tree, memory)
        self.architecture = self._contents.architecture

    def package(self, name: str) -> Package | None:
        """As `Database.package`."""
        return self._contents.packages.get(name)

    def owner(self, path: str) -> Owned | None:
        """As `Database.owner`."""
        found = self._contents.files.get(path)
        if not found and path.startswith("/usr/"):  # /usr is merged from Alpine 3.23 on
            found = self._contents.files.get(path.removeprefix("/usr"))
        return found


def is_there(tree: Tree) -> bool:
    """Whether the root has a database of apk's."""
    return any(tree.identity(path) for path in _PATHS)


def _contents(tree: Tree, memory: Memory) -> Contents:
    path = next((path for path in _PATHS if tree.identity(path)), _PATHS[0])
    found = tree.identity(path)
    if memory.known and memory.known[0] == found:
        return memory.known[1]
    read = tree.read(path)
    if read is None:
        return Contents(b"")
    memory.known = read[0], Contents(read[1])
    return memory.known[1]


def _package(lines: list[tuple[bytes, bytes]]) -> Package | None:
    fields = {key: value.decode(errors="replace") for key, value in reversed(lines)}
    name, version = fields.get(b"P", ""), fields.get(b"V", "")
    if not name or not version:
        return None
    source = fields.get(b"o") or name
    return Package(name, version, fields.get(b"A", ""), source, version)


def _sha1(value: bytes) -> str:
    """`Q1` and base64, in hex; empty for anything else."""
    try:
        raw = binascii.a2b_base64(value.removeprefix(b"Q1")) if value[:2] == b"Q1" else b""
    except binascii.Error:
        return ""
    return raw.hex() if len(raw) == _SHA1_BYTES else ""

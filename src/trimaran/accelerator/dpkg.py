"""dpkg's database: what is installed, and the md5 sum of every file of it.

Its layout is dpkg's own (dpkg(1), deb822(5), dpkg-divert(1)); `status` is written anew now and
then, and in between each change is a numbered file in `updates`, the last one counting.
"""

from __future__ import annotations

import re

from trimaran.accelerator.packages import Owned, Package
from trimaran.accelerator.trees import Identity, Tree

_FOLDER = "/var/lib/dpkg"
_UNPACKING = f"{_FOLDER}/tmp.ci"  # noqa: S108  below a root
"""Holds the control files of the package that is being unpacked."""
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32")
_SUMS = ".md5sums"
_WHOLE = ("installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending")
_SOURCE = re.compile(rb"(\S+)(?:\s+\((\S+)\))?")
_REBUILD = re.compile(r"\+b\d+$")
_Packages = dict[tuple[str, str], Package]


class Memory:
    """What was read of files that did not change since; for one root or several like it."""

    def __init__(self) -> None:
        self.status: tuple[Identity, _Packages] | None = None
        self.sums: dict[str, tuple[Identity, bytes]] = {}


class Dpkg:
    """The database of one root, read when it is made.

    Args:
        tree: the root.
        memory: of earlier readings.
    """

    manager = "dpkg"

    def __init__(self, tree: Tree, memory: Memory) -> None:
        self._tree = tree
        self._memory = memory
        updates = sorted(name for name in tree.entries(f"{_FOLDER}/updates") if name.isdigit())
        self._packages = dict(_status(tree, memory))
        for name in updates:
            self._packages.update(_paragraphs(tree.content(f"{_FOLDER}/updates/{name}")))
        self.busy = bool(updates or tree.entries(_UNPACKING))
        self.architecture = _own_architecture(self._packages)
        self._listing: dict[str, bytes] | None = None

    def package(self, name: str) -> Package | None:
        """As `Database.package`."""
        name, _, architecture = name.partition(":")
        wanted = (architecture,) if architecture else (self.architecture, "all")
        found = (self._packages.get((name, one)) for one in wanted)
        return next((package for package in found if package), None)

    def owner(self, path: str) -> Owned | None:
        """As `Database.owner`; nothing for a path that a diversion moved or a local one took."""
        by = self._diverted(path)
        if by is None:
            return None
        found = [one for one in self._listed(path) if not by or one.package.name == by]
        return found[0] if len({one.digest for one in found}) == 1 else None

    def _listed(self, path: str) -> list[Owned]:
        owned = []
        for name, sums in self._sums().items():
            for spelling in _spellings(path):
                digest = _sum_of(sums, spelling)
                if digest and (package := self.package(name)):
                    owned.append(Owned(package, "md5", digest))
        return owned

    def _sums(self) -> dict[str, bytes]:
        if self._listing is None:
            self._listing = self._read_sums()
        return self._listing

    def _read_sums(self) -> dict[str, bytes]:
        known, now = self._memory.sums, {}
        for name, identity in self._tree.entries(f"{_FOLDER}/info").items():
            if not name.endswith(_SUMS):
                continue
            if name not in known or known[name][0] != identity:
                known[name] = identity, self._tree.content(f"{_FOLDER}/info/{name}")
            now[name.removesuffix(_SUMS)] = known[name][1]
        return now

    def _diverted(self, path: str) -> str | None:
        """Whose files are at `path`: a package, anybody's (empty), or nobody's known (None)."""
        lines = self._tree.content(f"{_FOLDER}/diversions").decode(errors="replace").split("\n")
        spellings = _spellings(path)
        for original, moved, package in zip(lines[::3], lines[1::3], lines[2::3], strict=False):
            if moved.lstrip("/") in spellings:
                return None
            if original.lstrip("/") in spellings:
                return package if package != ":" else None
        return ""


def is_there(tree: Tree) -> bool:
    """Whether the root has a database of dpkg's."""
    return tree.identity(f"{_FOLDER}/status") is not None


def _status(tree: Tree, memory: Memory) -> _Packages:
    found = tree.identity(f"{_FOLDER}/status")
    if memory.status and memory.status[0] == found:
        return memory.status[1]
    read = tree.read(f"{_FOLDER}/status")
    if read is None:
        return {}
    memory.status = read[0], _paragraphs(read[1])
    return memory.status[1]


def _paragraphs(content: bytes) -> _Packages:
    packages = (_package(block) for block in re.split(rb"\n{2,}", content) if block)
    return {(one.name, one.architecture): one for one in packages if one}


def _package(block: bytes) -> Package | None:
    """A paragraph's package; None if it is not installed, and not `whole` while it is unpacked."""
    lines = (line.partition(b":") for line in block.split(b"\n") if line[:1] not in b" \t")
    fields = {name.lower(): value.strip() for name, _, value in lines}
    name, version = _text(fields, b"package"), _text(fields, b"version")
    state = _text(fields, b"status").rpartition(" ")[2]
    if not name or not version or state in ("not-installed", "config-files"):
        return None
    source = _SOURCE.match(fields.get(b"source", b""))
    source_name, source_version = source.groups() if source else (b"", None)
    return Package(
        name,
        version,
        _text(fields, b"architecture"),
        source_name.decode(errors="replace") or name,
        (source_version or b"").decode(errors="replace") or _REBUILD.sub("", version),
        state in _WHOLE,
    )


def _text(fields: dict[bytes, bytes], name: bytes) -> str:
    return fields.get(name, b"").decode(errors="replace")


def _own_architecture(packages: _Packages) -> str:
    """That of dpkg itself, or of what every root of this family has."""
    for wanted in ("dpkg", "base-files", "libc6", "libc6.1"):
        for name, architecture in packages:
            if name == wanted and architecture != "all":
                return architecture
    return ""


def _spellings(path: str) -> tuple[str, ...]:
    """A path as packages may list it: /usr/bin is /bin, too, where /usr is merged."""
    plain = path.lstrip("/")
    below = plain.removeprefix("usr/")
    merged = below != plain and below.partition("/")[0] in _MERGED
    return (plain, below) if merged else (plain,)


def _sum_of(sums: bytes, path: str) -> str:
    wanted = b"  " + path.encode(errors="surrogateescape") + b"\n"
    end = sums.find(wanted)
    return sums[sums.rfind(b"\n", 0, end) + 1 : end].decode(errors="replace") if end >= 0 else ""

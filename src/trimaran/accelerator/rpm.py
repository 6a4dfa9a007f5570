"""rpm's database: which package owns a file, and the digest that its header has of it.

rpm writes to SQLite's log and empties that into the database when it is done, so in the midst of an
installation both count. They are read as copies, which count only if neither changed meanwhile. A
package's header is written behind its files and before its own scripts run; that of the version
before stays until those are done, so of two the later one counts.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import posixpath
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from trimaran.accelerator.packages import Owned, Package
from trimaran.accelerator.trees import Identity, Tree
from trimaran.rpm import databases, headers
from trimaran.rpm.headers import DamagedError, Files, Header

_ALGORITHMS = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
"""RPMTAG_FILEDIGESTALGO: OpenPGP's numbers (RFC 9580, 9.5); md5 where it is missing."""
_INSTALLED = 0  # RPMFILE_STATE_NORMAL
_NO_ARCHITECTURE = "noarch"
_OWN = ("rpm", "bash", "coreutils", "coreutils-single", "glibc")
"""Whose architecture is the root's; libraries may be there for another one, too."""
_SOURCE = re.compile(r"(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm")
_Identities = tuple[Identity | None, ...]


class Installed:
    """An installed package. DamagedError, if it is none."""

    def __init__(self, header: Header) -> None:
        self._header = header
        name, version = header.text(headers.NAME), header.text(headers.VERSION)
        if not name or not version:
            raise DamagedError("a header has no name or no version")
        epoch = "".join(f"{number}:" for number in header.numbers(headers.EPOCH))
        whole = f"{epoch}{version}-{header.text(headers.RELEASE)}"
        source = _SOURCE.fullmatch(header.text(headers.SOURCE_RPM))
        # Parts of one source may have versions of their own.
        self.package = Package(
            name, whole, header.text(headers.ARCH), source[1] if source else name, whole
        )

    def owned(self, name: str) -> Iterator[tuple[str, Owned]]:
        """The folder of each file of a base name that was installed, and whose it is."""
        number = next(iter(self._header.numbers(headers.DIGEST_ALGORITHM)), 1)
        algorithm = _ALGORITHMS.get(number, "")
        for folder, state, digest in self._files.named(name.encode(errors="surrogateescape")):
            if state == _INSTALLED and digest and algorithm:
                path = folder.decode(errors="surrogateescape")
                yield path, Owned(self.package, algorithm, digest)

    @functools.cached_property
    def _files(self) -> Files:
        return Files(self._header)


class Memory:
    """What was read of a database that did not change since, and of headers, wherever they were."""

    def __init__(self) -> None:
        self.known: tuple[_Identities, tuple[Installed, ...] | DamagedError] | None = None
        self.headers: dict[bytes, Installed] = {}


class Rpm:
    """The database of one root, read when it is made.

    Args:
        tree: the root.
        memory: of earlier readings.

    Raises:
        OSError: it cannot be read, or is being written.
    """

    manager = "rpm"

    def __init__(self, tree: Tree, memory: Memory) -> None:
        self._tree = tree
        places = _places(tree)
        if len(places) != 1:
            raise OSError(errno.EINVAL, "there is more than one database of rpm's")
        installed, self.busy = _read(tree, places.pop(), memory)
        # The later one of two versions, in its place among all.
        self._installed = {(it.package.name, it.package.architecture): it for it in installed}
        self.architecture = self._own_architecture()

    def package(self, name: str) -> Package | None:
        """As `Database.package`."""
        for architecture in (self.architecture, _NO_ARCHITECTURE):
            if found := self._installed.get((name, architecture)):
                return found.package
        return None

    def owner(self, path: str) -> Owned | None:
        """As `Database.owner`; nothing for a file that two packages share."""
        folder, name = posixpath.split(path)
        try:
            found = [
                owned
                for one in self._installed.values()
                for place, owned in one.owned(name)
                if self._is(place, folder)
            ]
        except DamagedError as error:
            raise OSError(errno.EIO, f"rpm's database is damaged: {error}") from error
        return found[0] if len(found) == 1 else None

    def _is(self, place: str, folder: str) -> bool:
        """Whether a header's folder is this true one: /bin is /usr/bin where /usr is merged."""
        try:
            return self._tree.real(place) == folder
        except OSError:
            return False

    def _own_architecture(self) -> str:
        for wanted in _OWN:
            found = [architecture for name, architecture in self._installed if name == wanted]
            if len(found) == 1:
                return found[0]
        return ""


def is_there(tree: Tree) -> bool:
    """Whether the root has a database of rpm's of a kind that is read."""
    return bool(_places(tree))


def _places(tree: Tree) -> set[str]:
    paths = (
        f"/{folder}/{name}"
        for folder in databases.FOLDERS
        for name in (databases.SQLITE, databases.NDB)
    )
    return {tree.real(path) for path in paths if tree.identity(path)}


def _read(tree: Tree, path: str, memory: Memory) -> tuple[tuple[Installed, ...], bool]:
    """What is installed, and whether that is changing: there is something in the log."""
    log, journal = f"{path}{databases.LOG}", f"{path}{databases.JOURNAL}"
    identities = _identities(tree, (path, log, journal))
    if memory.known is None or memory.known[0] != identities:
        contents = [tree.read(one) for one in (path, log)]
        if contents[0] is None or _size(identities[2]):
            raise OSError(errno.EBUSY, "rpm's database cannot be read now")
        if _identities(tree, (path, log, journal)) != identities:
            raise OSError(errno.EBUSY, "rpm's database is being written")
        memory.known = identities, _parsed([one[1] if one else b"" for one in contents], memory)
    found = memory.known[1]
    if isinstance(found, DamagedError):
        raise OSError(errno.EIO, f"rpm's database is damaged: {found}")
    return found, _size(identities[1]) > 0


def _identities(tree: Tree, paths: Sequence[str]) -> _Identities:
    return tuple(map(tree.identity, paths))


def _size(identity: Identity | None) -> int:
    return identity[2] if identity else 0


def _parsed(contents: Sequence[bytes], memory: Memory) -> tuple[Installed, ...] | DamagedError:
    """The packages of a database and its log."""
    with tempfile.TemporaryDirectory(prefix="trimaran-") as scratch:
        database = Path(scratch, databases.SQLITE)
        database.write_bytes(contents[0])
        if contents[1]:
            database.with_name(f"{database.name}{databases.LOG}").write_bytes(contents[1])
        try:
            now = dict(_packages(database, memory.headers))
        except DamagedError as error:
            return error
    memory.headers = now
    return tuple(now.values())


def _packages(
    database: Path, known: Mapping[bytes, Installed]
) -> Iterator[tuple[bytes, Installed]]:
    for blob in databases.headers(database):
        key = hashlib.sha256(blob).digest()
        yield key, known.get(key) or Installed(Header(blob))

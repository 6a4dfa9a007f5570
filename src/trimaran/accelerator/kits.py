"""A kit: a native file system of the same distribution, from which stand-ins are taken."""

from __future__ import annotations

import functools
import posixpath
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from trimaran.accelerator import databases
from trimaran.accelerator.packages import Owned
from trimaran.accelerator.programs import Program
from trimaran.accelerator.releases import Releases
from trimaran.accelerator.trees import Tree, digest

CONTROL = "/dev/.trimaran"
"""The folder of a build in its containers, which the interpreter knows."""
_MUSL = "/lib/ld-musl-"
_DEFAULTS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")


class Kit(msgspec.Struct, frozen=True):
    """A kit as this process sees it; a container sees it at `CONTROL`/kit/NAME.

    Attributes:
        name: base or compiler.
        root: its folder, which nobody changes any more.
    """

    name: str
    root: Path


class Library(msgspec.Struct, frozen=True):
    """A shared object of a kit: by which name it is asked for, its true path, whose it is."""

    name: str
    path: str
    owned: Owned | None


class Stock:
    """What is asked of a kit, each answer kept. Safe in threads.

    Args:
        kit: the kit.
        triplet: of the machine that it is for, as its folders of libraries are named.

    Raises:
        OSError: it is no folder.
    """

    def __init__(self, kit: Kit, triplet: str) -> None:
        self.kit = kit
        self.view = f"{CONTROL}/kit/{kit.name}"
        self._tree = Tree(kit.root)
        self._lock = threading.Lock()
        database = databases.read_still(self._tree)
        self.database = Releases((kit.root,)).beside(database) if database else None
        self.folders = _library_folders(self._tree, triplet)
        self.owner = functools.lru_cache(maxsize=None)(self._owner)
        self.program = functools.lru_cache(maxsize=None)(self._program)

    def real(self, path: str) -> str:
        """A path of the kit without links; empty if nothing is there."""
        try:
            real = self._tree.real(path)
        except OSError:
            return ""
        return real if self._tree.identity(real) else ""

    def has(self, path: str) -> bool:
        """Whether a regular file is there."""
        return self._tree.identity(path) is not None

    def content(self, path: str) -> bytes:
        """A file of the kit; empty if it is not there."""
        return self._tree.content(path)

    def entries(self, folder: str) -> Iterable[str]:
        """The names in a folder of the kit."""
        return self._tree.entries(folder)

    def libraries(self, path: str) -> tuple[Library, ...] | str:
        """Every library that a program loads at start, or the name of one that is not there."""
        found: dict[str, Library] = {}
        pending = [path]
        while pending:
            path = pending.pop()
            program = self.program(path)
            for name in program.needed if program else ():
                if name in found:
                    continue
                own = program.search_paths if program else ()
                where = self._library(name, [_placed(one, path) for one in own])
                if not where:
                    return name
                found[name] = Library(name, where, self.owner(where))
                pending.append(where)
        return tuple(found.values())

    def _library(self, name: str, own_folders: Sequence[str]) -> str:
        for folder in (*own_folders, *self.folders):
            if folder.startswith("/") and (real := self.real(posixpath.join(folder, name))):
                return real
        return ""

    def _program(self, path: str) -> Program | None:
        try:
            return Program(self._tree.content(path))
        except (ValueError, IndexError):
            return None

    def _owner(self, path: str) -> Owned | None:
        """Whose a file is, if it is unchanged."""
        with self._lock:
            owned = self.database.owner(path) if self.database else None
        with self._tree.opened(path) as file:
            if not owned or file is None or digest(file, owned.algorithm) != owned.digest:
                return None
        return owned


def _placed(folder: str, path: str) -> str:
    """A program's own folder of libraries, as its loader finds it (gABI chapter 5, `$ORIGIN`)."""
    origin = posixpath.dirname(path)
    return folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)


def _library_folders(tree: Tree, triplet: str) -> tuple[str, ...]:
    """Where the kit's own loader looks: ld.so.conf(5), then its defaults; musl's path file."""
    musl = [
        tree.content(f"/etc/{name}").decode(errors="replace")
        for name in tree.entries("/etc")
        if name.startswith("ld-musl-") and name.endswith(".path")
    ]
    configured = [line for text in musl for line in text.replace(":", "\n").split()]
    names = sorted(name for name in tree.entries("/etc/ld.so.conf.d") if name.endswith(".conf"))
    for name in names:
        text = tree.content(f"/etc/ld.so.conf.d/{name}").decode(errors="replace")
        configured += [line for line in text.split("\n") if line.startswith("/")]
    multiarch = (f"/lib/{triplet}", f"/usr/lib/{triplet}")
    folders = [line.strip().rstrip("/") for line in configured]
    everywhere = (*folders, *multiarch, "/usr/local/lib", *_DEFAULTS)
    return tuple(dict.fromkeys(tree.real(one) for one in everywhere if tree.entries(one)))

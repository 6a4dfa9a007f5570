"""Trees of files that an image brings without its package manager: Go's releases, and Rust's.

A file of such a tree counts as the release's if a layer of the base image has it, with the file
that tells the release: Go's VERSION, or the manifest of its channel that rustup keeps in each
toolchain. The native sibling of that base, from the same index, has the same release for this
machine.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from trimaran.accelerator.packages import Database, Owned, Package
from trimaran.accelerator.trees import Tree, digest

_GO = "/usr/local/go"
_TOOLCHAIN = re.compile(r"/usr/local/rustup/toolchains/[^/]+")
_MANIFEST = "lib/rustlib/multirust-channel-manifest.toml"
_RUSTC = re.compile(rb'^\[pkg\.rustc\]\nversion = "([^"\n ]+)', re.MULTILINE)
_ALGORITHM = "sha256"


class Releases:
    """What the layers of a base brought. Safe in threads.

    Args:
        layers: their folders, base first; nobody changes them any more.

    Raises:
        OSError: one is no folder.
    """

    def __init__(self, layers: Sequence[Path]) -> None:
        self._layers = tuple(Tree(folder) for folder in reversed(layers))
        self.owner = functools.lru_cache(maxsize=None)(self._owner)

    def beside(self, database: Database) -> Database:
        """A database that knows these files, too."""
        return _Both(database, self)

    def _owner(self, path: str) -> Owned | None:
        """As `Database.owner`: the topmost layer that has the file counts."""
        rust = _TOOLCHAIN.match(path)
        if not rust and not path.startswith(f"{_GO}/"):
            return None
        for layer in self._layers:
            with layer.opened(path) as file:
                if file is not None:
                    package = _rust(layer, rust[0]) if rust else _go(layer)
                    return Owned(package, _ALGORITHM, digest(file, _ALGORITHM)) if package else None
        return None


class _Both:
    """A package manager's database, and releases beside it."""

    def __init__(self, database: Database, releases: Releases) -> None:
        self._database = database
        self._releases = releases
        self.manager = database.manager
        self.architecture = database.architecture
        self.busy = database.busy
        self.package = database.package

    def owner(self, path: str) -> Owned | None:
        """As `Database.owner`."""
        return self._releases.owner(path) or self._database.owner(path)


def _go(layer: Tree) -> Package | None:
    """The release, if this layer brought it whole; VERSION holds its name and its time."""
    words = layer.content(f"{_GO}/VERSION").decode(errors="replace").split()
    return Package("go", words[0], "", "go", " ".join(words)) if words else None


def _rust(layer: Tree, toolchain: str) -> Package | None:
    """The release, if this layer brought it whole: that for another machine has the same file."""
    manifest = layer.content(f"{toolchain}/{_MANIFEST}")
    version = _RUSTC.search(manifest)
    if version is None:
        return None
    whole = hashlib.sha256(manifest).hexdigest()
    return Package("rust", version[1].decode(errors="replace"), "", "rust", whole)

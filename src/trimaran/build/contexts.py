"""The files of a build that come from outside of it: contexts, downloads, repositories."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from trimaran.errors import ContextError
from trimaran.executor import content
from trimaran.executor.content import FileHashes
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import ContextFiles, Copy, Download, FileSource, GitTree, Part
from trimaran.store.store import Store

if TYPE_CHECKING:
    from trimaran.build.remote_files import Material, RemoteFiles


class Folders:
    """Where COPY and ADD find their sources.

    Args:
        open_root: opens the context of a name; the build context's name is "".
        open_remote: opens what fetches from elsewhere; called if something is.
    """

    def __init__(
        self,
        open_root: Callable[[str], SourceRoot],
        open_remote: Callable[[], RemoteFiles],
        store: Store,
    ) -> None:
        self._open_root = open_root
        self._open_remote = open_remote
        self._store = store
        self._roots: dict[str, SourceRoot] = {}
        self._hashes: dict[str, FileHashes] = {}
        self._planned: dict[int, str] = {}

    def digest(self, step: Copy) -> str:
        """The digest of what a COPY would copy from outside, by which its step is known.

        Raises:
            ContextError: a source is missing, ignored or unreadable, or cannot be fetched.
        """
        return self._planned.setdefault(id(step), self._digest(step))

    def check(self, step: Copy) -> None:
        """Make sure that what was copied is what the step's identity says.

        Raises:
            ContextError: the folder changed since; the result must not be kept.
        """
        if self._digest(step) != self._planned[id(step)]:
            raise ContextError(
                "the build context changed while it was built from",
                "build again once nothing writes to it",
            )

    def find(self, source: FileSource) -> SourceRoot:
        """The folder of a source that is no step's file system.

        Raises:
            ContextError: it cannot be fetched.
        """
        match source:
            case ContextFiles(context=name):
                return self._root(name)
            case Download() | GitTree():
                return self._open_remote().find(source)
            case _:
                raise AssertionError(source)

    def material(self, source: Download | GitTree) -> Material:
        """What was fetched for this build.

        Raises:
            ContextError: it cannot be fetched.
        """
        return self._open_remote().material(source)

    def time_of(self, source: Download | GitTree) -> int | None:
        """When a source was changed, in seconds: a commit's time, what the server or archive says.

        Raises:
            ContextError: it cannot be fetched.
        """
        if isinstance(source, Download):
            return self._open_remote().time_of(source)
        return _newest(self.find(source).path)

    def newest(self, context: ContextFiles) -> int | None:
        """The time of the newest file of a context; those of a checkout have the commit's."""
        return _newest(self._root(context.context).path)

    def save(self) -> None:
        """Keep the hashes of files for the next build."""
        for name, hashes in self._hashes.items():
            if self._root(name).lasting and (record := hashes.encoded()) is not None:
                self._store.put_record(content.RECORD_KIND, self._key(name), record)

    def _digest(self, step: Copy) -> str:
        found = [digest for part in step.parts if (digest := self._digest_of(step, part))]
        return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()

    def _digest_of(self, step: Copy, part: Part) -> str:
        match part.source:
            case ContextFiles(context=name):
                return content.digest(step, part, self._root(name), self._hashes_of(name))
            case Download() | GitTree():
                return self._open_remote().digest(part.source)
            case _:
                return ""

    def _hashes_of(self, name: str) -> FileHashes:
        if name not in self._hashes:
            record = self._store.record(content.RECORD_KIND, self._key(name))
            self._hashes[name] = FileHashes(record)
        return self._hashes[name]

    def _root(self, name: str) -> SourceRoot:
        if name not in self._roots:
            self._roots[name] = self._open_root(name)
        return self._roots[name]

    def _key(self, name: str) -> str:
        return hashlib.sha256(os.fsencode(self._root(name).path)).hexdigest()


def _newest(folder: Path) -> int | None:
    times = [
        int(facts.st_mtime)
        for parent, _, names in os.walk(folder)
        for name in names
        if stat.S_ISREG((facts := os.lstat(os.path.join(parent, name))).st_mode)
    ]
    return max(times, default=None)

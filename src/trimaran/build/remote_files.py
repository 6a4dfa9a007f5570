"""What is fetched from elsewhere for ADD and for contexts, and the folders that it is put into."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from trimaran.build.downloads import Downloads
from trimaran.build.git_program import shown
from trimaran.build.repositories import Repositories
from trimaran.dockerfile import remotes
from trimaran.errors import ContextError, LayerError
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import Download, GitTree
from trimaran.layers import unpack
from trimaran.linux import rootfs
from trimaran.store.store import Store

CONTEXT_FILE = "context"
"""What BuildKit calls a file that is a context, or a Dockerfile given as one."""

_SHA1_DIGITS = 40
_OWNERS_KIND = "archive-owners-1"
_Ids = tuple[int, int]


class Material(msgspec.Struct, frozen=True):
    """What a build was made of and where it came from, as in-toto's resource descriptors say it.

    Attributes:
        digest: the algorithm's name to the digits; a commit is a sha1 or sha256.
    """

    uri: str
    digest: Mapping[str, str]


class RemoteFiles:
    """Fetches for one build; used as a context, whose end removes its working folders."""

    def __init__(self, store: Store, downloads: Downloads, repositories: Repositories) -> None:
        self._store = store
        self._downloads = downloads
        self._repositories = repositories
        self._opened = ExitStack()
        self._lock = threading.Lock()
        self._roots: dict[int, SourceRoot] = {}
        self._owners: dict[Path, Mapping[int, _Ids]] = {}

    def close(self) -> None:
        """Remove the working folders."""
        self._opened.close()

    def digest(self, source: Download | GitTree) -> str:
        """What stands for the files in a step's identity.

        Raises:
            ContextError: they cannot be had, or are not what a checksum says.
        """
        if isinstance(source, Download):
            return self._downloads.digest(source)
        return self._repositories.digest(source)

    def material(self, source: Download | GitTree) -> Material:
        """What a source stood for in this build, without what may be a password.

        Raises:
            ContextError: as `digest`.
        """
        if isinstance(source, Download):
            algorithm, _, digits = self._downloads.fetch(source).digest.partition(":")
            return Material(shown(source.url), {algorithm: digits})
        commit = self._repositories.commit(source)
        uri = shown(source.remote) + (f"#{source.ref}" if source.ref else "")
        return Material(uri, {"sha1" if len(commit) == _SHA1_DIGITS else "sha256": commit})

    def time_of(self, source: Download) -> int | None:
        """When a file was changed, in seconds: as its server says, else its newest member.

        Raises:
            ContextError: it cannot be downloaded.
        """
        found = self._downloads.fetch(source)
        if found.last_modified:
            return found.mtime_s
        with self._store.open_blob(found.digest) as file:
            return unpack.newest(file)

    def find(self, source: Download | GitTree) -> SourceRoot:
        """A folder that holds what ADD copies.

        Raises:
            ContextError: as `digest`.
        """
        with self._lock:
            if id(source) not in self._roots:
                self._roots[id(source)] = self._find(source)
            return self._roots[id(source)]

    def folder(self) -> Path:
        """An empty folder until the end of the build."""
        return self._opened.enter_context(self._store.working_folder("sources"))

    def git_context(self, url: str, *, keep_git: bool) -> Path:
        """The checkout of a context, kept in the store by its commit.

        Raises:
            ContextError: it cannot be fetched, or has no such folder.
        """
        try:
            tree = remotes.parse_git(url)
        except ValueError as error:
            raise ContextError(f"the context {url}: {error}") from error
        whole = msgspec.structs.replace(
            tree, subfolder="", keep_git=keep_git if tree.keep_git is None else tree.keep_git
        )
        identity = f"git context {self._repositories.digest(whole)}"
        found = self._store.snapshot(identity)
        if found is None:
            with self._store.new_snapshot(identity) as pending, self._store.guarded("check out"):
                self._repositories.check_out(whole, pending.fs)
                found = pending.commit()
        below = rootfs.resolve(found, tree.subfolder)
        if not below.is_dir():
            raise ContextError(f"{shown(tree.remote)} has no folder {tree.subfolder!r}")
        return below

    def file_context(self, url: str) -> Path:
        """A folder that holds a download, named `context`.

        Raises:
            ContextError: it cannot be downloaded.
        """
        folder = self.folder()
        self._downloads.place(Download(url), CONTEXT_FILE, folder)
        return folder

    def url_context(self, url: str) -> tuple[Path, bool]:
        """A download as a build context: an archive's files, or a Dockerfile alone.

        Returns:
            The folder, and whether it holds nothing but the Dockerfile `context`.

        Raises:
            ContextError: it cannot be downloaded, or is no whole archive.
        """
        found = self._downloads.fetch(Download(url))
        with self._store.open_blob(found.digest) as file:
            head = file.read(unpack.HEAD_BYTES)
        if not unpack.is_archive(head):
            return self.file_context(url), True
        identity = f"archive context {found.digest}"
        kept = self._store.snapshot(identity)
        if kept is None:
            with (
                self._store.new_snapshot(identity) as pending,
                self._store.open_blob(found.digest) as file,
            ):
                owners = _unpack(file, pending.fs, url)
                self._store.put_record(_OWNERS_KIND, identity, msgspec.msgpack.encode(owners))
                kept = pending.commit()
        record = self._store.record(_OWNERS_KIND, identity)
        self._note(kept, msgspec.msgpack.decode(record or b"\x80", type=dict[bytes, _Ids]))
        return kept, False

    def archive_context(self, file: BinaryIO, name: str) -> Path:
        """The files of an archive that can be read once.

        Raises:
            ContextError: it is no whole archive.
        """
        folder = self.folder()
        self._note(folder, _unpack(file, folder, name))
        return folder

    def owners(self, folder: Path) -> Mapping[int, _Ids]:
        """Whose an archive says that its files are, by inode; those of root are left out."""
        return self._owners.get(folder, {})

    def _note(self, folder: Path, owners: Mapping[bytes, _Ids]) -> None:
        found = {}
        for path, ids in owners.items():
            with suppress(FileNotFoundError, NotADirectoryError):  # a device, or replaced later
                found[os.lstat(os.path.join(os.fsencode(folder), path)).st_ino] = ids
        self._owners[folder] = found

    def _find(self, source: Download | GitTree) -> SourceRoot:
        folder = self.folder()
        if isinstance(source, Download):
            self._downloads.place(source, remotes.file_name(source.url), folder)
            return SourceRoot(folder, source.url)
        return SourceRoot(self._repositories.check_out(source, folder), shown(source.remote))


def _unpack(file: BinaryIO, folder: Path, name: str) -> dict[bytes, _Ids]:
    """Unpack as this user's own files; gives those that the archive says belong to another."""
    owner = (os.geteuid(), os.getegid())
    owners: dict[bytes, _Ids] = {}
    try:
        if unpack.unpack_archive(file, folder, "", owner=owner, label=name, owners=owners):
            return {path: ids for path, ids in owners.items() if ids != (0, 0)}
    except LayerError as error:
        raise ContextError(f"cannot unpack {error.message}", error.hint) from error
    raise ContextError(f"{name} is neither a tar archive nor a Dockerfile")

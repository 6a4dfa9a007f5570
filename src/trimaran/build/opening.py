"""Opens a build's contexts and its Dockerfile, wherever they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trimaran.build.contexts import Folders
from trimaran.build.machine import Machine
from trimaran.dockerfile import ignore
from trimaran.errors import ContextError, DockerfileError
from trimaran.events import Emit
from trimaran.executor.sources import SourceRoot
from trimaran.request import (
    ArchiveContext,
    BuildRequest,
    EmptyContext,
    FolderContext,
    GitContext,
    UrlContext,
)

if TYPE_CHECKING:
    from trimaran.build.remote_files import RemoteFiles

_DOCKERFILE_LIMIT_BYTES = 16 * 1024 * 1024
_KEEP_GIT = "BUILDKIT_CONTEXT_KEEP_GIT_DIR"
_TRUE = ("1", "t", "true")
_MAIN = "the build context"


class Opened(msgspec.Struct, frozen=True):
    """A build's sources.

    Attributes:
        dockerfile: the Dockerfile's text.
        folders: where COPY finds its sources.
    """

    dockerfile: str
    folders: Folders


@contextmanager
def opened(request: BuildRequest, machine: Machine, emit: Emit) -> Iterator[Opened]:
    """A build's sources; what was fetched for this build alone is removed at the end.

    Raises:
        ContextError: a context is missing, cannot be fetched, or its ignore file is wrong.
        DockerfileError: the Dockerfile is missing, cannot be read or is not UTF-8.
    """
    with ExitStack() as stack:
        opening = _Opening(request, machine, emit, stack)
        text = opening.dockerfile()
        opening.check_folders()
        yield Opened(text, Folders(opening.root, lambda: opening.remote, machine.store))


class _Opening:
    def __init__(
        self, request: BuildRequest, machine: Machine, emit: Emit, stack: ExitStack
    ) -> None:
        self._request = request
        self._machine = machine
        self._emit = emit
        self._stack = stack
        self._dockerfile = request.dockerfile

    @cached_property
    def remote(self) -> RemoteFiles:
        from trimaran.build.downloads import Downloads  # noqa: PLC0415 - slow to load
        from trimaran.build.remote_files import RemoteFiles  # noqa: PLC0415
        from trimaran.build.repositories import Repositories  # noqa: PLC0415

        machine, request = self._machine, self._request
        agent = request.run.agents.get("default", ())
        made = RemoteFiles(
            machine.store,
            Downloads(machine.store, machine.open_web, self._secret, self._emit),
            Repositories(machine.search_path, request.proxies, self._secret, agent),
        )
        self._stack.callback(made.close)
        return made

    def dockerfile(self) -> str:
        """The Dockerfile's text. The context comes first: without one, that is what to say."""
        request = self._request
        folder = self._context
        if request.dockerfile_text is not None:
            return _text(request.dockerfile_text, request.dockerfile_name)
        self._dockerfile = _present(folder, self._dockerfile)
        return _read(folder / self._dockerfile, request.dockerfile_name)

    def check_folders(self) -> None:
        """Open the ignore files of all local folders, used or not."""
        self.root("")
        for name, context in self._request.build_contexts.items():
            if isinstance(context, FolderContext):
                self.root(name)

    def root(self, name: str) -> SourceRoot:
        """The folder of a context; that of the build context has the name ""."""
        if not name:
            return self._main_root()
        shown = f"the build context {name!r}"
        match self._request.build_contexts[name]:
            case FolderContext(path=path):
                return _open_folder(path, shown, None)
            case GitContext(url=url):
                return SourceRoot(self.remote.git_context(url, keep_git=False), shown)
            case UrlContext(url=url):
                return SourceRoot(self.remote.file_context(url), shown, lasting=False)
            case context:
                raise AssertionError(context)

    def _main_root(self) -> SourceRoot:
        # The ignore file of a context from elsewhere does not count: BuildKit's client, who reads
        # it, never sees those files.
        match self._request.context:
            case Path() as path:
                in_it = self._request.dockerfile_text is None
                return _open_folder(path, _MAIN, self._dockerfile if in_it else None)
            case GitContext():
                return SourceRoot(self._context, _MAIN)
            case EmptyContext():
                return SourceRoot(self._context, _MAIN, lasting=False)
            case _:
                owners = self.remote.owners(self._context)
                return SourceRoot(self._context, _MAIN, lasting=False, owners=owners)

    def _secret(self, name: str) -> bytes | None:
        secret = self._request.run.secrets.get(name)
        return secret.value if secret else None

    @cached_property
    def _context(self) -> Path:
        match self._request.context:
            case Path() as path:
                _check_folder(path, _MAIN)
                return path
            case GitContext(url=url):
                keep = self._request.build_args.get(_KEEP_GIT, "").lower() in _TRUE
                return self.remote.git_context(url, keep_git=keep)
            case UrlContext(url=url):
                folder, alone = self.remote.url_context(url)
                if alone and not self._dockerfile.is_absolute():
                    self._dockerfile = Path("context")
                return folder
            case ArchiveContext(file=file, name=name):
                return self.remote.archive_context(file, name)
            case EmptyContext():
                return self.remote.folder()


def _present(folder: Path, dockerfile: Path) -> Path:
    """The Dockerfile, or `dockerfile` in its place, as in BuildKit."""
    lower = dockerfile.with_name(dockerfile.name.lower())
    usual = dockerfile.name == "Dockerfile" and not (folder / dockerfile).exists()
    return lower if usual and (folder / lower).exists() else dockerfile


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            return _text(file.read(_DOCKERFILE_LIMIT_BYTES + 1), name)
    except FileNotFoundError as error:
        hint = f"create {name}, or name another file with -f"
        raise DockerfileError(f"no Dockerfile at {name}", path=name, hint=hint) from error
    except OSError as error:
        raise DockerfileError(f"cannot read {name}: {error.strerror}", path=name) from error


def _text(raw: bytes, name: str) -> str:
    if len(raw) > _DOCKERFILE_LIMIT_BYTES:
        raise DockerfileError(f"{name} is larger than 16 MiB", path=name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DockerfileError(f"{name} is not UTF-8 text", path=name) from error


def _open_folder(path: Path, name: str, dockerfile: Path | None) -> SourceRoot:
    """A local folder with its ignore file: `NAME.dockerignore` beside the Dockerfile wins."""
    _check_folder(path, name)
    files = [path / ignore.IGNORE_FILE]
    if dockerfile is not None:
        files.insert(0, dockerfile.with_name(f"{dockerfile.name}{ignore.IGNORE_FILE}"))
    for file in files:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ContextError(f"cannot read {file}: {error}") from error
        shown = os.path.relpath(file, path)
        return SourceRoot(path, name, ignore.parse(text, str(file)), shown)
    return SourceRoot(path, name)


def _check_folder(path: Path, name: str) -> None:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ContextError(
            f"cannot read {name} {path}: {reason}", "name the folder that COPY reads"
        ) from error

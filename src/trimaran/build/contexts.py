"""The local folders of a build: the Dockerfile's text, ignore files, and what a COPY takes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from trimaran.dockerfile import ignore
from trimaran.errors import ContextError, DockerfileError
from trimaran.executor import content
from trimaran.executor.content import FileHashes
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import ContextFiles, Copy, FileSource, Part
from trimaran.request import BuildRequest, FolderContext
from trimaran.store.store import Store

_DOCKERFILE_LIMIT_BYTES = 16 * 1024 * 1024


class Folders:
    """The local folders that COPY may take from, by name; the build context's name is ""."""

    def __init__(self, roots: Mapping[str, SourceRoot], store: Store) -> None:
        self.roots = roots
        self._store = store
        self._hashes: dict[str, FileHashes] = {}
        self._planned: dict[int, str] = {}

    def digest(self, step: Copy) -> str:
        """The digest of what a COPY from a local folder would copy, by which its step is known.

        Raises:
            ContextError: a source is missing, ignored or unreadable.
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
        """The folder of a source that is no step's file system."""
        assert isinstance(source, ContextFiles)  # noqa: S101 - nothing else is lowered yet
        return self.roots[source.context]

    def _digest(self, step: Copy) -> str:
        found = [self._digest_of(p) for p in step.parts if isinstance(p.source, ContextFiles)]
        return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()

    def _digest_of(self, part: Part) -> str:
        assert isinstance(part.source, ContextFiles)  # noqa: S101 - its caller chose
        name = part.source.context
        if name not in self._hashes:
            record = self._store.record(content.RECORD_KIND, self._key(name))
            self._hashes[name] = FileHashes(record)
        return content.digest(part, self.roots[name], self._hashes[name])

    def save(self) -> None:
        """Keep the hashes of files for the next build."""
        for name, hashes in self._hashes.items():
            if (record := hashes.encoded()) is not None:
                self._store.put_record(content.RECORD_KIND, self._key(name), record)

    def _key(self, name: str) -> str:
        return hashlib.sha256(os.fsencode(self.roots[name].path)).hexdigest()


def read_dockerfile(request: BuildRequest) -> str:
    """The Dockerfile's text; bytes that are not UTF-8 are refused.

    Raises:
        ContextError: there is no build context, which is then the first thing to say.
        DockerfileError: it is missing or cannot be read.
    """
    name = request.dockerfile_name
    _check_folder(request.context, "the build context")
    try:
        with request.dockerfile.open("rb") as file:
            raw = file.read(_DOCKERFILE_LIMIT_BYTES + 1)
        if len(raw) > _DOCKERFILE_LIMIT_BYTES:
            raise DockerfileError(f"{name} is larger than 16 MiB", path=name)
        return raw.decode("utf-8-sig")
    except FileNotFoundError as error:
        hint = f"create {name}, or name another file with -f"
        raise DockerfileError(f"no Dockerfile at {name}", path=name, hint=hint) from error
    except UnicodeDecodeError as error:
        raise DockerfileError(f"{name} is not UTF-8 text", path=name) from error
    except OSError as error:
        raise DockerfileError(f"cannot read {name}: {error.strerror}", path=name) from error


def open_folders(request: BuildRequest, store: Store) -> Folders:
    """Every local folder of the request.

    Raises:
        ContextError: a folder is missing or its ignore file is wrong.
    """
    roots = {"": _open(request.context, "the build context", request.dockerfile)}
    for name, context in request.build_contexts.items():
        if isinstance(context, FolderContext):
            roots[name] = _open(context.path, f"the build context {name!r}", None)
    return Folders(roots, store)


def _open(path: Path, name: str, dockerfile: Path | None) -> SourceRoot:
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
        return SourceRoot(path, name, ignore.parse(text, str(file)).matcher, shown)
    return SourceRoot(path, name)


def _check_folder(path: Path, name: str) -> None:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ContextError(
            f"cannot read {name} {path}: {reason}", "name the folder that COPY reads"
        ) from error

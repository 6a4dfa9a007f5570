"""Which files a COPY takes: the sources as written, looked up in a context or another root.

A source's links are followed inside its root, so that a link to /etc/passwd means the root's own.
"""

from __future__ import annotations

import difflib
import errno
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from e2b_dockerfile_utils import PatternMatcher

from trimaran.errors import ContextError, HostError
from trimaran.executor import globs, walking
from trimaran.executor.filters import Filter
from trimaran.linux import rootfs


class SourceRoot(msgspec.Struct, frozen=True):
    """Where sources are looked up.

    Attributes:
        path: the folder that stands for `/`.
        name: how a person calls it: "the build context", "stage build", "busybox:latest".
        ignore: what is left out of it; None for all but local contexts.
        ignore_file: the file that `ignore` was read from, such as `.dockerignore`.
        local: its files belong to the user and get owner 0; else owners are kept.
        owners: user and group ids of local files that do not get owner 0, by inode.
        lasting: the same folder may be looked at by a later build.
    """

    path: Path
    name: str
    ignore: PatternMatcher | None = None
    ignore_file: str = ".dockerignore"
    local: bool = True
    lasting: bool = True
    owners: Mapping[int, tuple[int, int]] = msgspec.field(default_factory=dict)


class Source(msgspec.Struct, frozen=True):
    """One selected file or folder.

    Attributes:
        name: its last component as written or matched; what it is called in a folder it goes to.
        parts: its real place below the root, no component of which was a link.
        written: the path that the Dockerfile gives.
        status: of the file itself.
    """

    name: str
    parts: tuple[str, ...]
    written: str
    status: os.stat_result

    @property
    def path(self) -> str:
        return "/".join(self.parts)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)


def select(root: SourceRoot, paths: Sequence[str], *, literally: bool = False) -> list[Source]:
    """The sources that `paths` name, in order; a wildcard that matches nothing gives none.

    The folder in which a wildcard is looked for must be there.

    Paths are relative to the root whether or not they begin with a slash, and `..` stops there.
    Wildcards are Go's path/filepath.Match; a path without one is taken literally, and so is every
    path if `literally` is set.

    Raises:
        ContextError: a path that is missing, ignored, unreadable or malformed.
    """
    with opened(root) as root_fd:
        return [
            _source(root, root_fd, path, written)
            for written in paths
            for path in ([written] if literally else _matches(root, root_fd, written))
        ]


def failure(error: OSError, path: str, root: SourceRoot) -> ContextError | HostError:
    """The error of a file of `root` that could not be read."""
    cause = os.strerror(error.errno or 0)
    match error.errno:
        case errno.EACCES | errno.EPERM if root.local:
            return ContextError(
                f"cannot read {path} in {root.name}: {cause}",
                f"make it readable, or leave it out with a line in {root.ignore_file}",
            )
        case errno.ELOOP | errno.ENOTDIR | errno.ENOENT | errno.ESTALE | errno.EINVAL:
            # EINVAL is readlink(2)'s word for what is no link any more.
            return ContextError(f"{path} in {root.name} was changed while it was read")
        case errno.ENAMETOOLONG:
            return ContextError(f"{path[:40]}… in {root.name} is nested too deep")
        case errno.EMFILE | errno.ENFILE:
            return HostError(f"cannot read {path}: {cause}", "raise the limit with ulimit -n")
        case _:
            return ContextError(f"cannot read {path} in {root.name}: {cause}")


@contextmanager
def opened(root: SourceRoot) -> Iterator[int]:
    """A descriptor of a source root.

    Raises:
        ContextError: it cannot be opened.
    """
    try:
        fd = os.open(root.path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        cause = os.strerror(error.errno or 0)
        raise ContextError(f"cannot open {root.name}, {root.path}: {cause}") from error
    try:
        yield fd
    finally:
        os.close(fd)


def _matches(root: SourceRoot, root_fd: int, written: str) -> list[str]:
    """The paths, relative to the root, that one written path means; links not yet followed."""
    parts = posixpath.normpath("/" + written).strip("/").split("/")
    first = next((i for i, part in enumerate(parts) if globs.has_wildcard(part)), len(parts))
    if first == len(parts):
        return ["/".join(parts)]
    patterns = [globs.compile_component(part) for part in parts[first:]]
    base = _source(root, root_fd, "/".join(parts[:first]), written)
    if not base.is_folder:
        raise _missing(root, base.parts, written)
    try:
        with walking.opened_below(root_fd, base.parts) as fd:
            return list(_expand(fd, base.path, patterns, Filter(root.ignore)))
    except OSError as error:
        raise failure(error, written, root) from error


def _expand(
    folder_fd: int, prefix: str, patterns: Sequence[re.Pattern[str]], chosen: Filter
) -> Iterator[str]:
    for found in walking.listing(folder_fd, prefix, chosen):
        if not patterns[0].fullmatch(found.name):
            continue
        if len(patterns) == 1:
            yield found.path
        elif stat.S_ISDIR(found.status.st_mode):
            with walking.opened_folder(folder_fd, found.name) as fd:
                yield from _expand(fd, found.path, patterns[1:], chosen)


def _source(root: SourceRoot, root_fd: int, path: str, written: str) -> Source:
    parts = _real_parts(root, path)
    try:
        with walking.opened_below(root_fd, parts[:-1]) as folder_fd:
            if not parts:
                return Source("", (), written, os.fstat(root_fd))
            status = os.stat(parts[-1], dir_fd=folder_fd, follow_symlinks=False)
            source = Source(path.rpartition("/")[2], parts, written, status)
            _refuse_ignored(root, folder_fd, source, path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise _missing(root, parts, written) from error
        raise failure(error, written, root) from error
    if stat.S_ISSOCK(source.status.st_mode):
        raise ContextError(f"{written!r} in {root.name} is a socket, which no image can hold")
    return source


def _real_parts(root: SourceRoot, path: str) -> tuple[str, ...]:
    try:
        return rootfs.resolve(root.path, path).relative_to(root.path).parts
    except OSError as error:
        raise failure(error, path, root) from error


def _refuse_ignored(root: SourceRoot, folder_fd: int, source: Source, path: str) -> None:
    """Refuse a source whose path, as written or after its links, is left out of the context."""
    if root.ignore is None:
        return
    real = walking.Found(source.parts[-1], source.path, source.status)
    if path != source.path and root.ignore.matches(path):
        raise _ignored(root, path, source.written)
    if not walking.included(folder_fd, real, Filter(root.ignore)):
        raise _ignored(root, source.path, source.written)


def _ignored(root: SourceRoot, path: str, written: str) -> ContextError:
    return ContextError(
        f"{written!r} is left out of {root.name} by {root.ignore_file}"
        f" (pattern {_deciding_pattern(root, path)!r})",
        f"add a line !{path} to {root.ignore_file}",
    )


def _deciding_pattern(root: SourceRoot, path: str) -> str:
    """The first pattern from which on every longer list of patterns ignores `path`."""
    patterns = root.ignore.patterns if root.ignore else []
    for length in range(len(patterns) - 1, -1, -1):
        if not PatternMatcher(patterns[:length]).matches(path):
            return patterns[length]
    return ""


def _missing(root: SourceRoot, parts: tuple[str, ...], written: str) -> ContextError:
    hint = f"{root.name} is {root.path}" if root.local else ""
    try:
        names = os.listdir(root.path.joinpath(*parts[:-1]))
    except OSError:
        names = []
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(parts[-1].casefold(), folded, n=1)
    if close:
        hint = f"did you mean {'/'.join((*parts[:-1], folded[close[0]]))!r}?"
    return ContextError(f"no {written!r} in {root.name}", hint)

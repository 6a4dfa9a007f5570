"""The sources of a COPY or ADD by where they come from, in the order written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import TypeVar

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile import remotes
from trimaran.graph.steps import ContextFiles, Download, GitTree, Part, StepFiles


def copy_parts(
    copy: df.Copy, local: ContextFiles | StepFiles, paths: Iterable[str], checksum: str
) -> tuple[Part, ...]:
    """Give each source its place; local ones that follow each other are one part.

    Args:
        copy: the instruction.
        local: where paths that are neither URLs nor repositories are.
        paths: the sources, expanded.
        checksum: --checksum, expanded.

    Raises:
        DockerfileError: --checksum fits no source, or an address is malformed.
    """
    words = tuple(paths)
    if checksum:
        _check_checksum(copy, words, checksum)
    found: list[Part] = []
    for is_remote, group in groupby(words, key=lambda word: bool(remotes.kind(word))):
        if is_remote:
            found += [_remote(copy, word, checksum) for word in group]
        else:
            unpack = copy.is_add if copy.unpack is None else copy.unpack
            found.append(Part(local, tuple(group), unpack))
    return tuple(found)


def _check_checksum(copy: df.Copy, words: tuple[str, ...], checksum: str) -> None:
    if len(words) != 1:
        raise copy.line.error("--checksum is for one source", "write one ADD per source")
    if not remotes.kind(words[0]):
        raise copy.line.error("--checksum is for a URL or a git repository, not for local files")
    if remotes.is_git(words[0]) and not remotes.is_commit(checksum):
        raise copy.line.error(
            f"--checksum={checksum} is not a commit", "write the commit's 40 hex digits"
        )
    if remotes.is_url(words[0]) and not remotes.is_checksum(checksum):
        raise copy.line.error(
            f"--checksum={checksum} is not a digest", "write sha256: and 64 hex digits"
        )


def _remote(copy: df.Copy, word: str, checksum: str) -> Part:
    if remotes.is_git(word):
        return Part(_tree(copy, word, checksum), (".",))
    name = _literal(remotes.file_name(word))
    return Part(Download(word, checksum), (name,), bool(copy.unpack))


def _tree(copy: df.Copy, word: str, checksum: str) -> GitTree:
    try:
        tree = remotes.parse_git(word)
    except ValueError as error:
        raise copy.line.error(f"ADD {word}: {error}") from error
    return msgspec.structs.replace(
        tree,
        checksum=_agreed(copy, "checksum", checksum or None, tree.checksum or None) or "",
        keep_git=_agreed(copy, "keep-git-dir", copy.keep_git, tree.keep_git),
    )


_T = TypeVar("_T", str, bool)


def _agreed(copy: df.Copy, name: str, flag: _T | None, query: _T | None) -> _T | None:
    if flag is not None and query is not None and flag != query:
        raise copy.line.error(f"--{name}={flag} and the query's {name}={query} differ")
    return query if flag is None else flag


def _literal(name: str) -> str:
    """A name as a pattern that matches it alone: the wildcards of a URL mean themselves."""
    if not re.search(r"[*?\[]", name):
        return name
    return re.sub(r"[*?\[]", r"[\g<0>]", name.replace("\\", "\\\\"))

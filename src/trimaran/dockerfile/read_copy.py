"""COPY and ADD: their flags, sources and destination."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from e2b_dockerfile_utils import PatternMatcher

from trimaran.dockerfile import heredocs, remotes
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.flags import Flags, read_flags
from trimaran.dockerfile.instructions import Heredoc
from trimaran.dockerfile.syntax import Statement


def read_copy(statement: Statement) -> df.Copy:
    """The instruction of a COPY or ADD statement.

    Raises:
        DockerfileError: a flag, a source or the number of arguments is wrong.
    """
    flags = read_flags(statement)
    if len(statement.arguments) < 2:  # noqa: PLR2004 - a source and a destination
        raise statement.line.error(
            f"{statement.keyword} needs a source and a destination",
            f"write {statement.keyword} SOURCE... DESTINATION",
        )
    *sources, destination = statement.arguments
    if _marked(destination):
        raise statement.line.error("a heredoc cannot be the destination", "name a path last")
    paths = tuple(word for word in sources if not _marked(word))
    copy = df.Copy(
        statement.line,
        paths,
        destination,
        origin=flags.get("from"),
        owner=flags.get("chown"),
        mode=flags.get("chmod"),
        is_add=statement.keyword == "ADD",
        checksum=flags.get("checksum"),
        keep_git=_switch(flags, "keep-git-dir"),
        unpack=_switch(flags, "unpack"),
        link=flags.is_on("link"),
        keep_parents=flags.is_on("parents"),
        excludes=_excludes(statement, flags),
        contents=tuple(_contents(statement, sources)),
    )
    for word in paths:
        check_source(copy, word)
    return copy


def _contents(statement: Statement, words: Iterable[str]) -> Iterable[Heredoc]:
    """The heredocs among the sources; of two with one name the later text counts for both.

    In a JSON list a heredoc has no text.
    """
    texts = {heredoc.name: heredoc.text for heredoc in statement.heredocs}
    for heredoc in filter(None, map(_marked, words)):
        if heredoc.name in ("", ".", "..") or "/" in heredoc.name:
            raise statement.line.error(f"the heredoc {heredoc.name!r} cannot be a file's name")
        yield msgspec.structs.replace(heredoc, text=texts.get(heredoc.name, ""))


def _marked(word: str) -> Heredoc | None:
    try:
        return heredocs.marked(word)
    except ValueError:  # open quotes: a path, of which the expansion will complain
        return None


def _excludes(statement: Statement, flags: Flags) -> tuple[str, ...]:
    for pattern in flags.all("exclude"):
        try:
            PatternMatcher([pattern])
        except ValueError as error:
            raise statement.line.error(
                f"--exclude={pattern} is not a pattern",
                "a pattern has * ? ** and [a-z], as in a .dockerignore",
            ) from error
    return flags.all("exclude")


def _switch(flags: Flags, name: str) -> bool | None:
    return flags.is_on(name) if name in flags else None


def check_source(copy: df.Copy, word: str) -> None:
    """Refuse a COPY of what is no local file.

    Raises:
        DockerfileError: `word` is a URL or a git repository.
    """
    kind = remotes.kind(word)
    if kind and not copy.is_add:
        raise copy.line.error(f"COPY cannot copy {kind}", "use ADD, or RUN with a download program")

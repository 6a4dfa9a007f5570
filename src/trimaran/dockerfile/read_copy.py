"""COPY and ADD: their flags, sources and destination."""

from __future__ import annotations

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile import remotes
from trimaran.dockerfile.flags import Flags, read_flags
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
    copy = df.Copy(
        statement.line,
        tuple(sources),
        destination,
        origin=flags.get("from"),
        owner=flags.get("chown"),
        mode=flags.get("chmod"),
        is_add=statement.keyword == "ADD",
        checksum=flags.get("checksum"),
        keep_git=_switch(flags, "keep-git-dir"),
        unpack=_switch(flags, "unpack"),
    )
    for word in sources:
        check_source(copy, word)
    return copy


def check_source(copy: df.Copy, word: str) -> None:
    """Refuse a COPY of what is no local file.

    Raises:
        DockerfileError: `word` is a URL or a git repository.
    """
    kind = remotes.kind(word)
    if kind and not copy.is_add:
        raise copy.line.error(f"COPY cannot copy {kind}", "use ADD, or RUN with a download program")


def _switch(flags: Flags, name: str) -> bool | None:
    return flags.is_on(name) if name in flags else None

"""COPY and ADD: their flags, sources and destination."""

from __future__ import annotations

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile import values
from trimaran.dockerfile.flags import read_flags
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
        unpack=statement.keyword == "ADD",
    )
    for word in sources:
        check_source(copy, word)
    return copy


def check_source(copy: df.Copy, word: str) -> None:
    """Refuse what is no local file.

    Raises:
        DockerfileError: `word` is a URL or a git repository.
    """
    kind = values.remote_kind(word)
    if kind and copy.unpack:
        raise copy.line.error(f"ADD of {kind} is not supported yet")
    if kind:
        raise copy.line.error(f"COPY cannot copy {kind}", "use ADD, or RUN with a download program")

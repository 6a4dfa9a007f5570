"""RUN: its flags and its command line."""

from __future__ import annotations

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.flags import read_flags
from trimaran.dockerfile.syntax import Statement


def read_run(statement: Statement) -> df.Run:
    """The instruction of a RUN statement.

    Raises:
        DockerfileError: a flag is wrong, or it names no program.
    """
    read_flags(statement)
    if statement.is_json and not statement.arguments:
        raise statement.line.error("RUN [] names no program")
    return df.Run(statement.line, statement.arguments, not statement.is_json)

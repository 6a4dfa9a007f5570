"""RUN: its flags and its command line."""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile import mounts
from trimaran.dockerfile.flags import Flags, read_flags
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.dockerfile.syntax import Statement
from trimaran.graph.steps import Network, Security

_Mode = TypeVar("_Mode", bound=str)


def read_run(statement: Statement) -> df.Run:
    """The instruction of a RUN statement.

    Raises:
        DockerfileError: a flag is wrong, or it names no program.
    """
    flags = read_flags(statement)
    if statement.is_json and not statement.arguments:
        raise statement.line.error("RUN [] names no program")
    return df.Run(
        statement.line,
        statement.arguments,
        not statement.is_json,
        mounts=tuple(mounts.split(text, statement.line) for text in flags.all("mount")),
        network=_one_of(get_args(Network), flags, "network", statement),
        security=_one_of(get_args(Security), flags, "security", statement),
        heredocs=statement.heredocs,
    )


def _one_of(
    known: tuple[_Mode, ...], flags: Flags, name: str, statement: Statement
) -> _Mode | Literal[""]:
    if name not in flags:
        return ""
    for mode in known:
        if flags.get(name) == mode:
            return mode
    hint = did_you_mean(flags.get(name), known)
    raise statement.line.error(f"RUN --{name}={flags.get(name)}: there is no such mode", hint)

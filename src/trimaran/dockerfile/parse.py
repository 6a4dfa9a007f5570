"""Text to a checked Dockerfile: global arguments, then stages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile import syntax
from trimaran.dockerfile.builders import NOT_TRIGGERS, build
from trimaran.dockerfile.flags import read_flags
from trimaran.dockerfile.syntax import Statement

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


def parse(text: str, path: str) -> df.Dockerfile:
    """Read a Dockerfile.

    Args:
        text: the file's text; a byte order mark and CRLF line ends are taken.
        path: the file's name as the user knows it.

    Raises:
        DockerfileError: with the lines, the text and, where known, a hint.
    """
    source = df.Source(path, text)
    read = syntax.read(source)
    arguments = tuple(_arguments(read.statements))
    stages = tuple(_stages(read.statements[len(arguments) :]))
    if not stages:
        lines = read.statements[-1].line.lines
        raise source.error("no FROM: nothing to build", lines, "add FROM IMAGE")
    return df.Dockerfile(
        source, read.escape, arguments, stages, read.empty_continuations, read.check
    )


def parse_trigger(trigger: str, line: df.Line) -> df.Instruction:
    """Read an ONBUILD trigger of a base.

    Args:
        trigger: an instruction as the base's config or stage holds it.
        line: the FROM that triggers it.

    Raises:
        DockerfileError: it is no instruction that may be triggered.
    """
    statement = syntax.read_trigger(trigger, line)
    if statement.keyword in NOT_TRIGGERS:
        raise statement.line.error(f"ONBUILD cannot trigger {statement.keyword}")
    return build(statement)


def _arguments(statements: Iterable[Statement]) -> Iterator[df.Arg]:
    for statement in statements:
        if statement.keyword == "FROM":
            return
        instruction = build(statement) if statement.keyword == "ARG" else None
        if not isinstance(instruction, df.Arg):
            raise statement.line.error(
                f"{statement.keyword} before the first FROM", "only ARG may stand before FROM"
            )
        yield instruction


def _stages(statements: Iterable[Statement]) -> list[df.Stage]:
    stages: list[df.Stage] = []
    bodies: list[list[df.Instruction]] = []
    for statement in statements:
        if statement.keyword == "FROM":
            stages.append(_stage(statement, len(stages)))
            bodies.append([])
        else:
            bodies[-1].append(build(statement))
    return [
        msgspec.structs.replace(stage, instructions=tuple(body))
        for stage, body in zip(stages, bodies, strict=True)
    ]


def _stage(statement: Statement, index: int) -> df.Stage:
    flags = read_flags(statement)
    name = _stage_name(statement)
    base = statement.arguments[0]
    return df.Stage(statement.line, index, name, base, flags.get("platform"))


def _stage_name(statement: Statement) -> str:
    match statement.arguments:
        case (_,):
            return ""
        case (_, word, name) if word.upper() == "AS":
            if not _STAGE_NAME.fullmatch(name.lower()):
                hint = "a stage's name begins with a letter and has letters, digits, - _ and ."
                raise statement.line.error(f"{name!r} cannot be a stage's name", hint)
            return name.lower()
        case _:
            raise statement.line.error(
                "FROM needs one image, and may name its stage", "write FROM IMAGE [AS NAME]"
            )

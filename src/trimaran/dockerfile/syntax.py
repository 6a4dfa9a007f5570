"""Text to statements: lines, continuations, directives, flags and JSON forms.

The lines are read by e2b-dockerfile-utils; here are the checks that it leaves to its user.
"""

from __future__ import annotations

import re

import msgspec
from e2b_dockerfile_utils import (
    DockerfileAst,
    DockerfileInstruction,
    DockerfileSyntaxError,
    parse_dockerfile_ast,
)

from trimaran import references
from trimaran.dockerfile.instructions import Line, Source
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.errors import DockerfileError, InvalidReferenceError

KEYWORDS = (
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
)
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_FORMS = {"ENV": "write ENV NAME=VALUE", "LABEL": "write LABEL NAME=VALUE"}
"""What to write where the library refuses an instruction's form."""
_SPACES = re.compile(r"[\t\v\f\r ]+")
_DIRECTIVES = ("syntax", "escape", "check")
_FRONTENDS = ("docker/dockerfile", "docker/dockerfile-upstream")
_SURROGATES = re.compile("[\ud800-\udfff]")


class Statement(msgspec.Struct, frozen=True):
    """One instruction, split but not yet understood.

    Attributes:
        keyword: in upper case.
        flags: such as `--chown=app`, without quotes.
        arguments: words, or the one shell line; ENV's and LABEL's are key, value, delimiter.
        is_json: the arguments were a JSON list.
    """

    line: Line
    keyword: str
    flags: tuple[str, ...]
    arguments: tuple[str, ...]
    is_json: bool


class Statements(msgspec.Struct, frozen=True):
    """A file's statements and its escape character.

    Attributes:
        empty_continuations: the last lines of statements that an empty line goes through.
    """

    escape: str
    statements: tuple[Statement, ...]
    empty_continuations: tuple[int, ...] = ()


def read(source: Source) -> Statements:
    """Split a Dockerfile into statements.

    Raises:
        DockerfileError: a line cannot be read, the file is empty or asks for another frontend.
    """
    _check_frontend(source)
    ast = _read(source, source.text)
    if not ast.instructions:
        raise source.error("the Dockerfile is empty", (0, 0), "a Dockerfile begins with FROM")
    found = [_statement(source, node) for node in ast.instructions]
    empty = tuple(warning.line for warning in ast.warnings)
    return Statements(ast.escape_token, tuple(found), empty)


def read_trigger(trigger: str, line: Line) -> Statement:
    """Read an ONBUILD trigger; its place is that of the FROM that triggers it.

    Raises:
        DockerfileError: it is not one instruction.
    """
    try:
        ast = parse_dockerfile_ast(trigger)
    except (DockerfileSyntaxError, RecursionError, ValueError) as error:
        raise line.error(f"the base's ONBUILD trigger cannot be read: {trigger}") from error
    if len(ast.instructions) != 1:
        raise line.error(f"the base's ONBUILD trigger is not one instruction: {trigger}")
    node = ast.instructions[0]
    there = msgspec.structs.replace(line, text=node.original.strip(), is_trigger=True)
    return _statement(line.source, node, there)


def _read(source: Source, text: str) -> DockerfileAst:
    try:
        return parse_dockerfile_ast(text)
    except DockerfileSyntaxError as error:
        raise _syntax_fault(source, error) from error
    except (RecursionError, ValueError) as error:
        raise source.error("the Dockerfile cannot be read: it is nested too deeply", (0, 0)) from (
            error
        )


def _syntax_fault(source: Source, error: DockerfileSyntaxError) -> DockerfileError:
    number = error.line or 0
    lines = source.text.removeprefix("\ufeff").split("\n")
    text = lines[number - 1] if 0 < number <= len(lines) else ""
    word = _SPACES.split(text.strip())[0]
    if word and word.upper() not in KEYWORDS and not word.startswith("#"):
        hint = did_you_mean(word, KEYWORDS)
        return source.error(f"unknown instruction {word}", (number, number), hint)
    cause = str(error).removeprefix(f"Dockerfile parse error on line {number}: ")
    return source.error(cause, (number, number), _FORMS.get(word.upper(), ""))


def _statement(source: Source, node: DockerfileInstruction, line: Line | None = None) -> Statement:
    line = line or Line(source, (node.start_line, node.end_line), node.original.strip())
    if node.heredocs:
        raise line.error(f"{node.name} with a heredoc is not supported yet")
    if any("\0" in text for text in (*node.flags, *node.args)):
        raise line.error(f"{node.name} holds a NUL character")
    flags = tuple(_text(flag) for flag in node.flags)
    return Statement(line, node.name, flags, tuple(_text(arg) for arg in node.args), node.json)


def _text(text: str) -> str:
    """JSON may escape half of a surrogate pair, which is no text: Go puts U+FFFD in its place."""
    return _SURROGATES.sub("\ufffd", text)


def _check_frontend(source: Source) -> None:
    for number, text in enumerate(source.text.removeprefix("\ufeff").split("\n"), 1):
        match = _DIRECTIVE.fullmatch(text.strip())
        if match is None or match[1].lower() not in _DIRECTIVES:
            return
        if match[1].lower() == "syntax" and not _is_ours(match[2].split()[0]):
            raise source.error(
                f"the frontend {match[2]} cannot be used: only docker/dockerfile's language is",
                (number, number),
                "remove the syntax line if the file is an ordinary Dockerfile",
            )


def _is_ours(name: str) -> bool:
    """Any version of docker/dockerfile, from a mirror as well."""
    try:
        repository = references.parse(name).repository
    except InvalidReferenceError:
        return False
    return any(repository == known or repository.endswith(f"/{known}") for known in _FRONTENDS)

"""Text to statements: logical lines, split into flags and arguments, with their heredocs."""

from __future__ import annotations

import msgspec

from trimaran import references
from trimaran.dockerfile import forms, heredocs
from trimaran.dockerfile.forms import KEYWORDS, Form, UnknownInstructionError
from trimaran.dockerfile.instructions import Heredoc, Line, Source
from trimaran.dockerfile.lines import LogicalLine, Reader, directives
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.errors import DockerfileError, InvalidReferenceError

_HINTS = {"ENV": "write ENV NAME=VALUE", "LABEL": "write LABEL NAME=VALUE"}
"""What to write where an instruction's form is wrong."""
_FRONTENDS = ("docker/dockerfile", "docker/dockerfile-upstream")


class Statement(msgspec.Struct, frozen=True):
    """One instruction, split but not yet understood.

    Attributes:
        keyword: in upper case.
        flags: such as `--chown=app`, without quotes.
        arguments: words, or the one shell line; ENV's and LABEL's are key, value, delimiter.
        is_json: the arguments were a JSON list.
        text: the logical line; white space at its end is kept.
        heredocs: in the order in which their texts follow.
    """

    line: Line
    keyword: str
    flags: tuple[str, ...]
    arguments: tuple[str, ...]
    is_json: bool
    text: str = ""
    heredocs: tuple[Heredoc, ...] = ()


class Statements(msgspec.Struct, frozen=True):
    """A file's statements and its escape character.

    Attributes:
        empty_continuations: the last lines of statements that an empty line goes through.
        check: line and value of the directive `check`; (0, "") if there is none.
    """

    escape: str
    statements: tuple[Statement, ...]
    empty_continuations: tuple[int, ...] = ()
    check: tuple[int, str] = (0, "")


def read(source: Source) -> Statements:
    """Split a Dockerfile into statements.

    Raises:
        DockerfileError: a line cannot be read, the file is empty or asks for another frontend.
    """
    given = directives(source)
    _check_frontend(source, *given.get("syntax", (0, "")))
    reader = Reader(source, given.get("escape", (0, "\\"))[1])
    found = tuple(_statement(source, reader, line) for line in reader)
    if not found:
        raise source.error("the Dockerfile is empty", (0, 0), "a Dockerfile begins with FROM")
    return Statements(reader.escape, found, tuple(reader.empty), given.get("check", (0, "")))


def read_trigger(trigger: str, line: Line) -> Statement:
    """Read an ONBUILD trigger; its place is that of the FROM that triggers it.

    Raises:
        DockerfileError: it is not one instruction.
    """
    source = Source(line.source.path, trigger)
    try:
        found = read(source).statements
    except DockerfileError as error:
        text = f"the base's ONBUILD trigger cannot be read: {trigger}: {error.message}"
        raise line.error(text, error.hint) from error
    if len(found) != 1:
        raise line.error(f"the base's ONBUILD trigger is not one instruction: {trigger}")
    there = msgspec.structs.replace(line, text=found[0].line.text, is_trigger=True)
    return msgspec.structs.replace(found[0], line=there)


def _statement(source: Source, reader: Reader, line: LogicalLine) -> Statement:
    form = _form(source, reader.escape, line)
    documents = tuple(_documents(source, reader, form, line))
    there = Line(source, (line.first, reader.number if documents else line.last), line.text.strip())
    if any("\0" in text for text in (*form.flags, *form.arguments)):
        raise there.error(f"{form.keyword} holds a NUL character")
    return Statement(
        there, form.keyword, form.flags, form.arguments, form.is_json, line.text, documents
    )


def _form(source: Source, escape: str, line: LogicalLine) -> Form:
    first = (line.first, line.first)
    try:
        return forms.split(line.text, escape)
    except UnknownInstructionError as error:
        raise source.error(str(error), first, did_you_mean(error.word, KEYWORDS)) from error
    except RecursionError as error:
        cause = "the Dockerfile cannot be read: it is nested too deeply"
        raise source.error(cause, first) from error
    except ValueError as error:
        keyword = line.text.split(maxsplit=1)[0].upper()
        raise source.error(str(error), first, _HINTS.get(keyword, "")) from error


def _documents(source: Source, reader: Reader, form: Form, line: LogicalLine) -> list[Heredoc]:
    """The line's heredocs with their texts, which the reader goes past."""
    found: list[Heredoc] = []
    try:
        for document in heredocs.named_by(form, line.text):
            text = reader.body(document.name, chomp=document.chomp)
            if text is None:
                hint = f"end it with a line {document.name}"
                raise source.error("unterminated heredoc", (line.first, line.first), hint)
            found.append(msgspec.structs.replace(document, text=text))
    except ValueError as error:
        raise source.error(str(error), (line.first, line.last)) from error
    return found


def _check_frontend(source: Source, line: int, frontend: str) -> None:
    if frontend and not _is_ours(frontend.split(maxsplit=1)[0]):
        raise source.error(
            f"the frontend {frontend} cannot be used: only docker/dockerfile's language is",
            (line, line),
            "remove the syntax line if the file is an ordinary Dockerfile",
        )


def _is_ours(name: str) -> bool:
    """Any version of docker/dockerfile, from a mirror as well."""
    try:
        repository = references.parse(name).repository
    except InvalidReferenceError:
        return False
    return any(repository == known or repository.endswith(f"/{known}") for known in _FRONTENDS)

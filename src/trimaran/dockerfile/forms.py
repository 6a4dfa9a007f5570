"""A logical line to its keyword, flags and arguments, as BuildKit's line parsers split them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import msgspec
from e2b_dockerfile_utils import is_space, parse_words

from trimaran.dockerfile.lines import SPACES

_SPACES = re.compile(r"[\t\v\f\r ]+")
_SURROGATES = re.compile("[\ud800-\udfff]")


class UnknownInstructionError(ValueError):
    """A line begins with a word that is no instruction."""

    def __init__(self, word: str) -> None:
        super().__init__(f"unknown instruction {word}")
        self.word = word


class Form(msgspec.Struct, frozen=True):
    """A line, split but not yet understood.

    Attributes:
        keyword: in upper case.
        flags: such as `--chown=app`, without quotes.
        arguments: words, or the one shell line; ENV's and LABEL's are key, value, delimiter.
        is_json: the arguments were a JSON list.
        inner: the instruction that ONBUILD holds.
    """

    keyword: str
    flags: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    is_json: bool = False
    inner: Form | None = None


_Arguments = tuple[list[str], bool]


def split(text: str, escape: str) -> Form:
    """Split a logical line.

    Raises:
        UnknownInstructionError: the line begins with something else.
        ValueError: the arguments do not have the instruction's form; the text says why.
        RecursionError: a JSON list is nested too deeply.
    """
    word, rest = _first_word(text.strip(SPACES))
    keyword = word.upper()
    if keyword not in _FORMS:
        raise UnknownInstructionError(word)
    rest, flags = _flags(rest)
    rest = rest.strip(SPACES)
    if keyword == "ONBUILD":
        return Form(keyword, flags, (rest,) if rest else (), inner=_inner(rest, escape))
    arguments, is_json = _FORMS[keyword](rest, escape)
    return Form(keyword, flags, tuple(arguments), is_json)


def _inner(rest: str, escape: str) -> Form | None:
    """What ONBUILD holds; None if nobody knows it: only who builds on the image needs to."""
    try:
        return split(rest, escape) if rest else None
    except UnknownInstructionError:
        return None


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = _SPACES.split(text, maxsplit=1)
    return word, rest[0] if rest else ""


def _flags(text: str) -> tuple[str, tuple[str, ...]]:
    """What follows the flags, and these; a word `--` ends them.

    In quotes and out of them a backslash takes the next character as it is, whatever the escape
    character.
    """
    flags: list[str] = []
    while (text := text.lstrip(SPACES)).startswith("--"):
        flag, length = _flag(text)
        text = text[length:]
        if flag == "--":
            break
        flags.append(flag)
    return text, tuple(flags)


def _flag(text: str) -> tuple[str, int]:
    """The flag with which `text` begins, and how much of the text it is."""
    flag, quote, position = "", "", 0
    while position < len(text):
        char = text[position]
        if not quote and is_space(char):
            break
        position += 1
        if char == quote or (not quote and char in "'\""):
            quote = "" if quote else char
        elif char == "\\":
            flag += text[position : position + 1]
            position += 1
        else:
            flag += char
    return flag, min(position, len(text))


def _line(rest: str, _escape: str) -> _Arguments:
    return [rest] if rest else [], False


def _list(rest: str, _escape: str) -> _Arguments:
    return _SPACES.split(rest) if rest else [], False


def _words(rest: str, escape: str) -> _Arguments:
    return parse_words(rest, escape), False


def _json_or_line(rest: str, escape: str) -> _Arguments:
    found = _json(rest)
    return _line(rest, escape) if found is None else (found, True)


def _json_or_list(rest: str, escape: str) -> _Arguments:
    found = _json(rest)
    return _list(rest, escape) if found is None else (found, True)


def _json(rest: str) -> list[str] | None:
    """The strings of a JSON list; None if it is no such list."""
    if not rest.startswith("["):
        return None
    try:
        found = json.loads(rest, parse_constant=_refuse)
    except ValueError:
        return None
    if not all(isinstance(item, str) for item in found):
        raise ValueError("Only strings are supported in JSON arrays")
    # JSON may escape half of a surrogate pair, which is no text: Go puts U+FFFD in its place.
    return [_SURROGATES.sub("\ufffd", item) for item in found]


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and its like, which Python takes and JSON has not


def _health_check(rest: str, escape: str) -> _Arguments:
    end = next((at for at, char in enumerate(rest) if is_space(char)), len(rest))
    if not end:
        return [], False
    command, is_json = _json_or_line(rest[end:].lstrip(SPACES), escape)
    return [rest[:end], *command], is_json


def _pairs(keyword: str) -> Callable[[str, str], _Arguments]:
    def pairs(rest: str, escape: str) -> _Arguments:
        words = parse_words(rest, escape)
        if words and "=" not in words[0]:
            name, *value = _SPACES.split(rest, maxsplit=1)
            if not value:
                raise ValueError(f"{keyword} must have two arguments")
            return [name, value[0], ""], False
        found: list[str] = []
        for word in words:
            name, equals, text = word.partition("=")
            if not equals:
                cause = f'can\'t find = in "{word}". Must be of the form: name=value'
                raise ValueError(f"Syntax error - {cause}")
            found += (name, text, "=")
        return found, False

    return pairs


_FORMS: dict[str, Callable[[str, str], _Arguments]] = {
    "ADD": _json_or_list,
    "ARG": _words,
    "CMD": _json_or_line,
    "COPY": _json_or_list,
    "ENTRYPOINT": _json_or_line,
    "ENV": _pairs("ENV"),
    "EXPOSE": _list,
    "FROM": _list,
    "HEALTHCHECK": _health_check,
    "LABEL": _pairs("LABEL"),
    "MAINTAINER": _line,
    "ONBUILD": _line,
    "RUN": _json_or_line,
    "SHELL": _json_or_line,
    "STOPSIGNAL": _line,
    "USER": _line,
    "VOLUME": _json_or_list,
    "WORKDIR": _line,
}
KEYWORDS = tuple(_FORMS)

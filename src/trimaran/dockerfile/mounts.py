"""RUN --mount: its comma-separated fields, as the Dockerfile reference and BuildKit have them.

Fields are split when the file is read and judged when the instruction is carried out, since
variables may stand in every value but that of `from`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import get_args

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.dockerfile.values import parse_size
from trimaran.dockerfile.words import Expander
from trimaran.errors import DockerfileError
from trimaran.graph.steps import Sharing

Fields = tuple[str, ...]

_TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
_SHARINGS: tuple[Sharing, ...] = get_args(Sharing)
_ALIASES = {
    "source": "source",
    "src": "source",
    "target": "target",
    "dst": "target",
    "destination": "target",
    "readonly": "readonly",
    "ro": "readonly",
    "readwrite": "readwrite",
    "rw": "readwrite",
    **{
        key: key
        for key in ("type", "from", "id", "sharing", "required", "size", "mode", "uid", "gid")
    },
    "env": "env",
}
_SWITCHES = ("readonly", "readwrite", "required")
_FOR_TYPES = {
    "required": ("secret", "ssh"),
    "size": ("tmpfs",),
    "env": ("secret",),
    "sharing": ("cache",),
    "mode": ("cache", "secret", "ssh"),
    "uid": ("cache", "secret", "ssh"),
    "gid": ("cache", "secret", "ssh"),
}
"""The keys that mean something for some types only."""
_AFTER_TYPE = ("required", "size", "env")
"""BuildKit judges these by the type that it has read so far."""
_WITH_ORIGIN = ("bind", "cache")
# Go's strconv.ParseBool.
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")
_ID_LIMIT = 2**32 - 1


class Given(msgspec.Struct):
    """What one --mount says; None is what was not said.

    Attributes:
        source, target: as written, expanded; possibly relative, possibly empty.
        writable: False for `ro`, True for `rw`.
    """

    type: str = "bind"
    origin: str = ""
    source: str = ""
    target: str = ""
    id: str = ""
    writable: bool | None = None
    required: bool = False
    sharing: Sharing | None = None
    size_bytes: int | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    variable: str | None = None


def split(text: str, line: df.Line) -> Fields:
    """The fields of one --mount, variables unexpanded; they are quoted as in CSV.

    Raises:
        DockerfileError: there is none, or quotes are open, or a variable stands in `from`.
    """
    try:
        fields = tuple(next(csv.reader([text], strict=True), []))
    except csv.Error as error:
        raise line.error(f"RUN --mount={text}: {error}") from error
    if not any(fields):
        raise line.error("RUN --mount says nothing", "write RUN --mount=type=cache,target=DIR")
    name = origin(fields)
    if re.search(r"\$.", name):
        raise line.error(
            f"variables cannot stand in RUN --mount=from={name}",
            "write FROM $NAME AS STAGE, and from=STAGE",
        )
    return fields


def origin(fields: Fields) -> str:
    """The stage, image or context whose files a mount shows; empty for none."""
    named = {key.lower(): value for key, _, value in (field.partition("=") for field in fields)}
    kind = named.get("type", "bind").lower()
    return "" if kind in _TYPES and kind not in _WITH_ORIGIN else named.get("from", "")


def read(fields: Fields, line: df.Line, expand: Expander) -> Given:
    """What a mount's fields say.

    Raises:
        DockerfileError: a key or a value is unknown, or does not fit the type.
    """
    given, used = Given(), {}
    for field in fields:
        written, equals, value = field.partition("=")
        key = _ALIASES.get(written.lower(), "")
        if not key:
            hint = did_you_mean(written, _ALIASES)
            raise line.error(f"RUN --mount: unknown key {written!r} in {field!r}", hint)
        if not equals and key not in _SWITCHES:
            hint = f"write {written}=VALUE"
            raise line.error(f"RUN --mount: {written!r} needs a value", hint)
        used[key] = field
        if key in _AFTER_TYPE and given.type not in _FOR_TYPES[key]:
            raise _unfit(given, key, field, line)
        try:
            _SETTERS[key](given, expand.word(value) if equals else "true")
        except ValueError as error:
            raise line.error(f"RUN --mount: {field}: {error}", _hint(key, value)) from error
    _check(given, used, line)
    return given


def _check(given: Given, used: dict[str, str], line: df.Line) -> None:
    for key, field in used.items():
        if given.type not in _FOR_TYPES.get(key, _TYPES):
            raise _unfit(given, key, field, line)
    if given.type == "secret":
        _check_secret(given, line)
    if given.type == "ssh" and given.source:
        raise line.error("RUN --mount=type=ssh takes no source", "name the agent with id=")


def _unfit(given: Given, key: str, field: str, line: df.Line) -> DockerfileError:
    behind = f"; type= must stand before {key}" if key in _AFTER_TYPE else ""
    return line.error(
        f"RUN --mount=type={given.type} takes no {field}",
        f"{key} is for type={' or '.join(_FOR_TYPES[key])}{behind}",
    )


def _check_secret(given: Given, line: df.Line) -> None:
    if given.origin:
        raise line.error("RUN --mount=type=secret takes no from")
    if given.source and given.id:
        raise line.error("RUN --mount=type=secret: source means the same as id; give one of them")
    if not (given.source or given.target or given.id):
        raise line.error("RUN --mount=type=secret names no secret", "add id=NAME")


def _hint(key: str, value: str) -> str:
    match key:
        case "type":
            return did_you_mean(value, _TYPES)
        case "sharing":
            return did_you_mean(value, _SHARINGS)
        case _:
            return ""


def _set_type(given: Given, value: str) -> None:
    if value.lower() not in _TYPES:
        raise ValueError("there is no such type")
    given.type = value.lower()


def _set_sharing(given: Given, value: str) -> None:
    for known in _SHARINGS:
        if value.lower() == known:
            given.sharing = known
            return
    raise ValueError("there is no such sharing")


def _set_read_only(given: Given, value: str) -> None:
    given.writable = not _boolean(value)


def _set_writable(given: Given, value: str) -> None:
    given.writable = _boolean(value)


def _set_required(given: Given, value: str) -> None:
    given.required = _boolean(value)


def _set_size(given: Given, value: str) -> None:
    given.size_bytes = parse_size(value)


def _number(name: str, base: int) -> Callable[[Given, str], None]:
    digits, form = ("[0-7]+", "an octal mode") if base == 8 else ("[0-9]+", "an id")  # noqa: PLR2004

    def set_number(given: Given, value: str) -> None:
        if not re.fullmatch(digits, value) or int(value, base) > _ID_LIMIT:
            raise ValueError(f"it is not {form}")
        setattr(given, name, int(value, base))

    return set_number


def _text(name: str) -> Callable[[Given, str], None]:
    def set_text(given: Given, value: str) -> None:
        setattr(given, name, value)

    return set_text


def _boolean(text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise ValueError("it is true or false")
    return text in _TRUE


_SETTERS: dict[str, Callable[[Given, str], None]] = {
    "type": _set_type,
    "from": _text("origin"),
    "source": _text("source"),
    "target": _text("target"),
    "readonly": _set_read_only,
    "readwrite": _set_writable,
    "id": _text("id"),
    "sharing": _set_sharing,
    "required": _set_required,
    "size": _set_size,
    "mode": _number("mode", 8),
    "uid": _number("uid", 10),
    "gid": _number("gid", 10),
    "env": _text("variable"),
}

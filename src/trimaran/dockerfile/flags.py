"""The flags of instructions: one row per instruction, one entry per flag."""

from __future__ import annotations

from enum import Enum, auto

from trimaran.dockerfile.suggest import did_you_mean
from trimaran.dockerfile.syntax import Statement


class Kind(Enum):
    """What a flag takes, and whether this program knows what to do with it."""

    VALUE = auto()
    LATER = auto()
    """A value; refused by name until it is supported."""
    LATER_SWITCH = auto()
    """True or false; `=false` asks for nothing and is taken."""


_FLAGS: dict[str, dict[str, Kind]] = {
    "ADD": {
        "chown": Kind.VALUE,
        "chmod": Kind.VALUE,
        "checksum": Kind.LATER,
        "exclude": Kind.LATER,
        "keep-git-dir": Kind.LATER_SWITCH,
        "link": Kind.LATER_SWITCH,
        "unpack": Kind.LATER,
    },
    "COPY": {
        "from": Kind.VALUE,
        "chown": Kind.VALUE,
        "chmod": Kind.VALUE,
        "exclude": Kind.LATER,
        "link": Kind.LATER_SWITCH,
        "parents": Kind.LATER_SWITCH,
    },
    "FROM": {"platform": Kind.VALUE},
    "HEALTHCHECK": {
        "interval": Kind.VALUE,
        "timeout": Kind.VALUE,
        "start-period": Kind.VALUE,
        "start-interval": Kind.VALUE,
        "retries": Kind.VALUE,
    },
    "RUN": {
        "device": Kind.LATER,
        "mount": Kind.LATER,
        "network": Kind.LATER,
        "security": Kind.LATER,
    },
}


def read_flags(statement: Statement) -> dict[str, str]:
    """The values of a statement's flags by name, without dashes.

    Raises:
        DockerfileError: a flag is unknown, repeated, lacks its value or is not supported yet.
    """
    known = _FLAGS.get(statement.keyword, {})
    found: dict[str, str] = {}
    for flag in statement.flags:
        name, equals, value = flag.removeprefix("--").partition("=")
        written = f"{statement.keyword} --{name}"
        if name not in known:
            raise statement.line.error(f"unknown flag {written}", _hint(name, statement.keyword))
        if name in found:
            raise statement.line.error(f"{written} is given twice")
        _check_kind(statement, known[name], written, value if equals else None)
        found[name] = value
    return found


def _check_kind(statement: Statement, kind: Kind, written: str, value: str | None) -> None:
    match kind:
        case Kind.VALUE:
            if value is None:
                raise statement.line.error(f"{written} needs a value", f"write {written}=VALUE")
        case Kind.LATER:
            raise statement.line.error(f"{written} is not supported yet")
        case Kind.LATER_SWITCH:
            if value is not None and value.lower() not in ("true", "false"):
                raise statement.line.error(f"{written} is true or false, not {value!r}")
            if value is None or value.lower() == "true":
                raise statement.line.error(f"{written} is not supported yet")


def _hint(name: str, keyword: str) -> str:
    known = _FLAGS.get(keyword)
    if known is None:
        return f"{keyword} has no flags"
    return did_you_mean(f"--{name}", (f"--{flag}" for flag in known))

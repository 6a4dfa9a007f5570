"""The flags of instructions: one row per instruction, one entry per flag."""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from trimaran.dockerfile.suggest import did_you_mean
from trimaran.dockerfile.syntax import Statement


class Kind(Enum):
    """What a flag takes."""

    VALUE = auto()
    VALUES = auto()
    """A value; may be repeated."""
    SWITCH = auto()
    """True, false, or nothing, which means true."""
    REFUSED = auto()
    """Known, and refused by name."""


_FLAGS: dict[str, dict[str, Kind]] = {
    "ADD": {
        "chown": Kind.VALUE,
        "chmod": Kind.VALUE,
        "checksum": Kind.VALUE,
        "exclude": Kind.VALUES,
        "keep-git-dir": Kind.SWITCH,
        "link": Kind.SWITCH,
        "unpack": Kind.SWITCH,
    },
    "COPY": {
        "from": Kind.VALUE,
        "chown": Kind.VALUE,
        "chmod": Kind.VALUE,
        "exclude": Kind.VALUES,
        "link": Kind.SWITCH,
        "parents": Kind.SWITCH,
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
        "device": Kind.REFUSED,
        "mount": Kind.VALUES,
        "network": Kind.VALUE,
        "security": Kind.VALUE,
    },
}


class Flags(msgspec.Struct, frozen=True):
    """A statement's flags by name, without dashes, each with what was given to it."""

    given: dict[str, tuple[str, ...]]

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def get(self, name: str) -> str:
        """The value of a flag that is given once at most; empty if it is absent."""
        return self.given.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """The values of a flag that may be repeated, in order."""
        return self.given.get(name, ())

    def is_on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.get(name) == "true"


def read_flags(statement: Statement) -> Flags:
    """The flags of a statement.

    Raises:
        DockerfileError: a flag is unknown, refused or repeated, or its value is missing or wrong.
    """
    known = _FLAGS.get(statement.keyword, {})
    found: dict[str, tuple[str, ...]] = {}
    for flag in statement.flags:
        name, equals, value = flag.removeprefix("--").partition("=")
        written = f"{statement.keyword} --{name}"
        if name not in known:
            raise statement.line.error(f"unknown flag {written}", _hint(name, statement.keyword))
        if name in found and known[name] is not Kind.VALUES:
            raise statement.line.error(f"{written} is given twice")
        checked = _checked(statement, known[name], written, value if equals else None)
        found[name] = (*found.get(name, ()), checked)
    return Flags(found)


def _checked(statement: Statement, kind: Kind, written: str, value: str | None) -> str:
    match kind:
        case Kind.VALUE | Kind.VALUES:
            if value is None:
                raise statement.line.error(f"{written} needs a value", f"write {written}=VALUE")
            return value
        case Kind.REFUSED:
            raise statement.line.error(f"{written} is refused: a build has no devices")
        case _:
            on = "true" if value is None else value.lower()
            if on not in ("true", "false"):
                raise statement.line.error(f"{written} is true or false, not {value!r}")
            return on


def _hint(name: str, keyword: str) -> str:
    known = _FLAGS.get(keyword)
    if known is None:
        return f"{keyword} has no flags"
    return did_you_mean(f"--{name}", (f"--{flag}" for flag in known))

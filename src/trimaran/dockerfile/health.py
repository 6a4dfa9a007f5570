"""HEALTHCHECK: its options and its two forms, CMD and NONE."""

from __future__ import annotations

import re

from trimaran.dockerfile import values
from trimaran.dockerfile.flags import Flags, read_flags
from trimaran.dockerfile.syntax import Statement
from trimaran.oci.models import Healthcheck

_SHORTEST_NS = 1_000_000
"""Docker refuses shorter times."""
_RETRIES_LIMIT = 2**31 - 1


def build_check(statement: Statement) -> Healthcheck:
    """The check that a HEALTHCHECK asks for.

    Raises:
        DockerfileError: an option or the form is wrong.
    """
    kind, *command = statement.arguments or ("",)
    match kind.upper():
        case "NONE":
            if command:
                raise statement.line.error("HEALTHCHECK NONE takes nothing after it")
            return Healthcheck(("NONE",))
        case "CMD":
            return _check(statement, command)
        case _:
            hint = "write HEALTHCHECK [OPTIONS] CMD COMMAND, or HEALTHCHECK NONE"
            raise statement.line.error("HEALTHCHECK needs CMD or NONE", hint)


def _check(statement: Statement, command: list[str]) -> Healthcheck:
    flags = read_flags(statement)
    if not command:
        raise statement.line.error("HEALTHCHECK CMD names no command")
    return Healthcheck(
        ("CMD" if statement.is_json else "CMD-SHELL", *command),
        interval=_duration(statement, flags, "interval"),
        timeout=_duration(statement, flags, "timeout"),
        start_period=_duration(statement, flags, "start-period"),
        start_interval=_duration(statement, flags, "start-interval"),
        retries=_retries(statement, flags.get("retries")),
    )


def _duration(statement: Statement, flags: Flags, name: str) -> int:
    text = flags.get(name)
    if not text:
        return 0
    try:
        nanoseconds = values.parse_duration(text)
    except ValueError as error:
        hint = "a duration is such as 30s, 1m30s or 500ms"
        raise statement.line.error(f"HEALTHCHECK --{name}: {error}", hint) from error
    if 0 < nanoseconds < _SHORTEST_NS:
        raise statement.line.error(f"HEALTHCHECK --{name}={text} is shorter than 1ms")
    return nanoseconds


def _retries(statement: Statement, text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"\+?[0-9]{1,10}", text) or int(text) > _RETRIES_LIMIT:
        raise statement.line.error(f"HEALTHCHECK --retries={text} is not a count")
    return int(text)

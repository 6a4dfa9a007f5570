"""The options of commands that audit: what may be of another CPU, and no audit at all."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from trimaran.errors import UsageError
from trimaran.events import Emit
from trimaran.store.store import Store

if TYPE_CHECKING:
    from trimaran.build.verifying import Gate

_F = TypeVar("_F", bound=Callable[..., Any])


def allow_options(function: _F, also: str = "") -> _F:
    """Add --allow and --allow-file; `also` ends the help of the first."""
    by_flag = click.option(
        "--allow",
        multiple=True,
        metavar="PATTERN=REASON",
        help=f"Files that may be of another CPU{also}",
    )
    by_file = click.option(
        "--allow-file", multiple=True, metavar="FILE", help="A file of such lines"
    )
    return by_flag(by_file(function))


def verify_options(function: _F, also: str = "") -> _F:
    """Add --no-verify, --allow and --allow-file, as `allow_options` does."""
    option = click.option("--no-verify", is_flag=True, help="Push without an audit of the programs")
    return option(allow_options(function, also))


class Auditing(msgspec.Struct, frozen=True):
    """What a command that publishes was told of the audit before it."""

    no_verify: bool
    allow: tuple[str, ...]
    allow_file: tuple[str, ...]

    def gate(self, store: Store, emit: Emit, *, asked: bool = False) -> Gate:
        """The audit (`asked` as in `Gate`). Raises UsageError for a malformed --allow."""
        from trimaran.audit.allowances import Allowance
        from trimaran.build.verifying import Gate

        given = tuple(Allowance(*pair) for pair in allowed(self.allow, self.allow_file))
        workers = len(os.sched_getaffinity(0))
        return Gate(store, emit, given, workers, not self.no_verify, asked)


def audit_options(function: _F) -> _F:
    """Add --no-verify, --allow and --allow-file, given to the command as one `auditing`."""

    @functools.wraps(function)
    def taking(
        *args: Any,
        no_verify: bool,
        allow: tuple[str, ...],
        allow_file: tuple[str, ...],
        **rest: Any,
    ) -> Any:
        return function(*args, auditing=Auditing(no_verify, allow, allow_file), **rest)

    return verify_options(taking)  # type: ignore[return-value]


def allowed(patterns: tuple[str, ...], files: tuple[str, ...]) -> list[tuple[str, str]]:
    """The patterns and reasons that --allow and --allow-file give.

    Raises:
        UsageError: a line is malformed, or a file cannot be read.
    """
    if not patterns and not files:
        return []
    from trimaran.audit import allowances

    found = [allowances.parse(text) for text in patterns]
    for name in files:
        try:
            text = Path(name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise UsageError(f"cannot read {name}: {reason}") from error
        found += allowances.parse_lines(text)
    return [(one.pattern, one.reason) for one in found]

"""The options of commands that audit: what may be of another CPU, and no audit at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from trimaran.errors import UsageError

_F = TypeVar("_F", bound=Callable[..., Any])


def allow_options(function: _F) -> _F:
    """Add --allow and --allow-file."""
    by_flag = click.option(
        "--allow",
        multiple=True,
        metavar="PATTERN=REASON",
        help="Files that may be of another CPU",
    )
    by_file = click.option(
        "--allow-file", multiple=True, metavar="FILE", help="A file of such lines"
    )
    return by_flag(by_file(function))


def verify_options(function: _F) -> _F:
    """Add --no-verify, --allow and --allow-file."""
    option = click.option("--no-verify", is_flag=True, help="Push without an audit of the programs")
    return option(allow_options(function))


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

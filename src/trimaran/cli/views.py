"""The progress view that a command draws on standard error."""

from __future__ import annotations

import os
import sys
from typing import Any, TypeVar, cast, get_args

import click

from trimaran.ui.view import View
from trimaran.ui.views import Kind, open_view

_F = TypeVar("_F", bound=Any)


def progress_option(function: _F) -> _F:
    """Add --progress."""
    option = click.option(
        "--progress",
        type=click.Choice(get_args(Kind)),
        default="auto",
        envvar="TRIMARAN_PROGRESS",
        show_default=True,
        help="How progress is shown",
    )
    decorated: _F = option(function)
    return decorated


def view(kind: str) -> View:
    """The view of that kind; `auto` is live on a terminal and plain lines elsewhere."""
    return open_view(
        cast("Kind", kind),
        sys.stderr,
        is_terminal=sys.stderr.isatty() and os.environ.get("TERM") != "dumb",
        no_color=bool(os.environ.get("NO_COLOR")),
    )

"""The options --accelerate and --explain-acceleration."""

from __future__ import annotations

from typing import Any, TypeVar

import click

from trimaran.build.machine import ACCELERATIONS
from trimaran.cli.keeping import keep

_F = TypeVar("_F", bound=Any)


def accelerate_options(function: _F) -> _F:
    """Add both; what they say goes into the session."""
    explain = click.option(
        "--explain-acceleration",
        is_flag=True,
        expose_value=False,
        callback=keep("explain_acceleration"),
        help="Tell of every emulated program why it had a native stand-in, or why not, and what"
        " time it took",
    )
    choose = click.option(
        "--accelerate",
        type=click.Choice(ACCELERATIONS),
        default="auto",
        envvar="TRIMARAN_ACCELERATE",
        show_default=True,
        expose_value=False,
        callback=keep("accelerate"),
        help="Native stand-ins for emulated programs: auto (equal ones), off, verify (every step"
        " again without them, and compared), compatible (equal upstream versions are enough)",
    )
    decorated: _F = choose(explain(function))
    return decorated

"""The option --insecure of the commands that talk to registries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import click

from trimaran.cli.session import Session

_F = TypeVar("_F", bound=Any)


def insecure_option(function: _F) -> _F:
    """Add --insecure; what it says goes into the session."""
    option = click.option(
        "--insecure",
        is_flag=True,
        expose_value=False,
        callback=_keep,
        help="Speak plain HTTP to the registries named here that have no TLS",
    )
    decorated: _F = option(function)
    return decorated


def _keep(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    if value and isinstance(ctx.obj, Session):
        ctx.obj = replace(ctx.obj, insecure=True)

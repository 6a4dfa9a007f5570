"""Options that the commands' own code does not see: their values go into the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from trimaran.cli.session import Session


def keep(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """A callback of click that puts an option's value into a field of the session."""

    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        del param
        if isinstance(ctx.obj, Session):
            changed: dict[str, Any] = {field: value}
            ctx.obj = replace(ctx.obj, **changed)

    return callback

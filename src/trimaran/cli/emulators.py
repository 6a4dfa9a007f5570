"""The option --qemu of the commands that run programs of other CPUs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import click

from trimaran.cli.session import Session

_F = TypeVar("_F", bound=Any)


def qemu_option(function: _F) -> _F:
    """Add --qemu; what it says goes into the session."""
    option = click.option(
        "--qemu",
        multiple=True,
        type=click.Path(),
        metavar="PATH",
        envvar="TRIMARAN_QEMU",
        expose_value=False,
        callback=_keep,
        help="An emulator (named qemu-CPU, or CPU=FILE) or a folder of them, to be used instead of"
        " the ones that are found",
    )
    decorated: _F = option(function)
    return decorated


def _keep(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> None:
    """Read here, so that a wrong value is refused before anything is fetched or built."""
    del param
    if value and isinstance(ctx.obj, Session):
        from trimaran import machines
        from trimaran.emulation import overrides

        ctx.obj = replace(ctx.obj, emulators=overrides.parse(value, machines.host()))

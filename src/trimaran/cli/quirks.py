"""The options --emulation-quirks and --stall-timeout of the commands that run programs."""

from __future__ import annotations

from typing import Any, TypeVar

import click

from trimaran.cli.keeping import keep
from trimaran.emulation import quirks

_F = TypeVar("_F", bound=Any)


def quirks_option(function: _F) -> _F:
    """Add --emulation-quirks; what it says goes into the session."""
    option = click.option(
        "--emulation-quirks",
        metavar="LIST",
        default="auto",
        envvar="TRIMARAN_EMULATION_QUIRKS",
        show_default=True,
        expose_value=False,
        callback=keep("quirks"),
        help=f"What is done about QEMU's known troubles: auto, off, or some of"
        f" {','.join(quirks.NAMES)}",
    )
    decorated: _F = option(function)
    return decorated


def stall_option(function: _F) -> _F:
    """Add --stall-timeout; what it says goes into the session."""
    option = click.option(
        "--stall-timeout",
        metavar="SECONDS",
        type=click.FloatRange(min=0),
        default=0.0,
        envvar="TRIMARAN_STALL_TIMEOUT",
        expose_value=False,
        callback=keep("stall_timeout_s"),
        help="End an emulated step after so long without output and CPU time (default: never;"
        " it is reported after 300)",
    )
    decorated: _F = option(function)
    return decorated

"""Options that the commands of `trimaran manifest` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from trimaran.cli.insecure import insecure_option
from trimaran.cli.views import progress_option

_F = TypeVar("_F", bound=Any)


def annotations_option(help_text: str) -> Callable[[_F], _F]:
    """The option --annotation, as `annotations`."""
    return click.option(
        "--annotation", "annotations", multiple=True, metavar="NAME=VALUE", help=help_text
    )


def edit_options(function: _F) -> _F:
    """What every command takes that changes a list: progress, --insecure, --retry."""
    for option in (
        progress_option,
        insecure_option,
        click.option(
            "--retry",
            "retries",
            type=click.IntRange(min=0),
            default=0,
            metavar="N",
            help="Do it again if others changed the list meanwhile, so often (default: refuse)",
        ),
    ):
        function = option(function)
    return function


def config_options(function: _F) -> _F:
    """What is done about a config that says another platform: --fix-config, --force."""
    for option in (
        click.option(
            "--fix-config", "fix", is_flag=True, help="Write configs that say the platform"
        ),
        click.option("--force", is_flag=True, help="List it though its config says otherwise"),
    ):
        function = option(function)
    return function

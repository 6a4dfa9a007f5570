"""Flags as Go programs take them: `--pull=true` means `--pull`, `--pull=false` nothing."""

from __future__ import annotations

import click

from trimaran.cli import values


class GoCommand(click.Command):
    """A command whose switches may be given a value after an equals sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        switches = {
            name
            for parameter in self.params
            if isinstance(parameter, click.Option) and parameter.is_flag
            for name in parameter.opts
        }
        return super().parse_args(ctx, _without_values(args, switches))


def _without_values(args: list[str], switches: set[str]) -> list[str]:
    kept: list[str] = []
    for position, arg in enumerate(args):
        name, equals, value = arg.partition("=")
        if arg == "--":
            return kept + args[position:]
        if not equals or name not in switches:
            kept.append(arg)
        elif values.boolean(name, value):
            kept.append(name)
    return kept

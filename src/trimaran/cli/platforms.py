"""`trimaran platforms`: what this machine can build and run now, and what a package would add."""

from __future__ import annotations

import click
import msgspec

from trimaran.cli.emulators import qemu_option
from trimaran.cli.session import Session
from trimaran.errors import HostError
from trimaran.executor.runtime import Runtime
from trimaran.host.doctor import PlatformReport
from trimaran.host.offers import offers
from trimaran.ui.tables import plain_table

_TITLES = ("PLATFORM", "RUNS", "EMULATOR", "VERSION")


@click.command("platforms")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@qemu_option
@click.pass_obj
def command(session: Session, /, as_json: bool) -> None:
    """List the platforms that this machine can build and run, natively or emulated."""
    found = offers(session.search_path, session.emulators)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    here = [_cells(one) for one in found if one.runs != "no"]
    click.echo(plain_table(_TITLES, here), nl=False)
    added: dict[str, list[str]] = {}
    for one in found:
        if one.runs == "no":
            added.setdefault(one.hint or one.reason, []).append(one.platform)
    for way, names in added.items():
        click.echo(f"\nmore with: {way}\n  {', '.join(names)}")
    _warn_of_runtime(session)


def _warn_of_runtime(session: Session) -> None:
    """Images are made without a runtime too, but nothing runs."""
    try:
        Runtime.find(session.search_path, session.runtime)
    except HostError as error:
        click.echo(f"WARNING: {error.message}\nhint: {error.hint}", err=True)


def _cells(one: PlatformReport) -> tuple[str, ...]:
    return (one.platform, one.runs, one.emulator or "-", one.version or "-")

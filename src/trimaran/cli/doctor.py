"""`trimaran host doctor`: what works on this machine, found out by doing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import msgspec

from trimaran import platforms
from trimaran.cli.emulators import qemu_option
from trimaran.cli.session import Session
from trimaran.host import machine_checks
from trimaran.host.checks import Check
from trimaran.host.doctor import Patient, PlatformReport, Report, examine
from trimaran.host.programs import TRIALS
from trimaran.ui.tables import plain_table

_MACHINE_TITLES = ("CHECK", "WHERE", "RESULT", "FOUND")
_TRIALS = ("static program", *(trial.name for trial in TRIALS))
_PLATFORM_TITLES = ("PLATFORM", "RUNS", *(name.upper() for name in _TRIALS), "ON THE HOST")
_SHOWN = {"ok": "ok", "failed": "FAILED", "note": "note", "not checked": "-"}


@click.command("doctor")
@click.argument("names", nargs=-1, metavar="[PLATFORM...]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@qemu_option
@click.pass_obj
def doctor_command(session: Session, /, names: tuple[str, ...], as_json: bool) -> None:
    """Try what builds and runs need, on the host and in a private namespace.

    PLATFORM is a platform that must work; without one, every platform that has an emulator here.
    Each failure says what it breaks and the command that mends it. Exit status 1 if something does
    not work.
    """
    asked = tuple(dict.fromkeys(platforms.parse(name) for name in names))
    patient = Patient(
        Path("/"), session.store_path, session.search_path, session.runtime, session.emulators
    )
    found = examine(patient, asked)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _show(found)
    if not found.ok:
        click.get_current_context().exit(1)


def _show(found: Report) -> None:
    rows = [(one.name, one.place, _SHOWN[one.state], one.detail or "-") for one in found.machine]
    click.echo(plain_table(_MACHINE_TITLES, rows), nl=False)
    click.echo()
    cells = [_cells(one) for one in found.platforms]
    click.echo(plain_table(_PLATFORM_TITLES, cells), nl=False)
    remarks = [*machine_checks.lines(found.machine), *_remarks(found.platforms)]
    if remarks:
        click.echo()
    for line in remarks:
        click.echo(line)
    click.echo("everything works" if found.ok else "not everything works")


def _cells(one: PlatformReport) -> tuple[str, ...]:
    private = {check.name: _SHOWN[check.state] for check in one.checks if check.place == "private"}
    return (
        one.platform,
        f"{one.runs} {one.version}".rstrip(),
        *(private.get(name, "-") for name in _TRIALS),
        _on_host(check for check in one.checks if check.place == "host"),
    )


def _on_host(checks: Iterable[Check]) -> str:
    every = tuple(checks)
    wrong = [check for check in every if check.state == "failed"]
    if wrong:
        return f"FAILED: {wrong[0].name}"
    runs = any(check.name == _TRIALS[0] and check.state == "ok" for check in every)
    return "ok" if runs else "not set up"


def _remarks(reports: Iterable[PlatformReport]) -> Iterator[str]:
    """What failed; that the host itself runs nothing foreign is in the table already."""
    for one in reports:
        if one.runs == "no":
            yield f"{one.platform}: {one.reason}" + (f"\n  hint: {one.hint}" if one.hint else "")
        first = [check for check in one.checks if check.name == _TRIALS[0]]
        quiet = {id(check) for check in first if check.state == "note"}
        told = tuple(check for check in one.checks if id(check) not in quiet)
        yield from (f"{one.platform}: {line}" for line in machine_checks.lines(told))

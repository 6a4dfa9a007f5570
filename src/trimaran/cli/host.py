"""`trimaran host`: programs of other CPUs on the host itself, outside of builds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import msgspec

from trimaran import machines
from trimaran.cli.doctor import doctor_command
from trimaran.cli.emulators import qemu_option
from trimaran.cli.session import Session
from trimaran.errors import HostError
from trimaran.host import carry_out, facts, record, removal, selection, setup
from trimaran.host.changes import Change
from trimaran.host.setup import Plan, Wish
from trimaran.host.status import Row, Status, make_status
from trimaran.linux import process
from trimaran.machines import Machine
from trimaran.ui.tables import plain_table

_ROOT = Path("/")
_TABLE = Path("proc/sys/fs/binfmt_misc")
_TITLES = ("PLATFORM", "STATE", "HANDLER", "FLAGS", "REBOOT", "EMULATOR", "PROBE")


@click.group("host")
def command() -> None:
    """Let the host itself run programs of other CPUs: `docker run`, shells, anything.

    Builds need none of this: they emulate in a namespace of their own.
    """


command.add_command(doctor_command)


@command.command("setup")
@click.argument("platforms", nargs=-1, metavar="[PLATFORM...]")
@click.option("--all", "everything", is_flag=True, help="Every CPU that QEMU knows")
@click.option(
    "--credentials",
    is_flag=True,
    help="Give setuid programs their owner's rights (sudo in containers); read the document first",
)
@click.option("--persist/--no-persist", default=True, help="Bring it back at boot, or do not")
@click.option("--dry-run", is_flag=True, help="Print every change and make none")
@qemu_option
@click.pass_obj
def setup_command(
    session: Session,
    /,
    platforms: tuple[str, ...],
    everything: bool,
    credentials: bool,
    persist: bool,
    dry_run: bool,
) -> None:
    """Register emulators with the kernel, prove each by running a program, keep it over reboots.

    PLATFORM is a platform, such as linux/arm64, or QEMU's name of a CPU, such as m68k; without
    one, every platform that has an emulator here is set up.
    """
    host = machines.host()
    rows = selection.select(platforms, everything=everything, host=host)
    present = facts.read_table(_ROOT / _TABLE).entries
    rows = setup.without_twins(rows, present, named=bool(platforms))
    _need_root(dry_run)
    gathered = _gather(session, rows)
    plan = setup.plan_setup(gathered, Wish(credentials, persist))
    _check_missing(plan, rows, platforms)
    if dry_run:
        _print_changes(plan.changes())
    failed = {} if dry_run else carry_out.set_up(plan, gathered, _told)
    _report(plan, failed, named=bool(platforms), dry_run=dry_run)
    if failed:
        raise HostError("\n".join(f"{name}: {fault}" for name, fault in failed.items()))


@command.command("remove")
@click.argument("platforms", nargs=-1, metavar="[PLATFORM...]")
@click.option("--dry-run", is_flag=True, help="Print every change and make none")
def remove_command(platforms: tuple[str, ...], dry_run: bool) -> None:
    """Take back what `host setup` added, for all CPUs or those that are named."""
    rows = tuple(selection.parse(name) for name in platforms) or machines.MACHINES
    _need_root(dry_run)
    table = facts.read_table(_ROOT / _TABLE)
    plan = removal.plan_remove(_ROOT, table, record.load(_ROOT), facts.boot_id(), rows)
    if dry_run:
        _print_changes(plan.changes)
    else:
        carry_out.do(plan.changes, _told)
    for reason in plan.left:
        click.echo(f"left alone: {reason}")
    if not plan.changes:
        click.echo("nothing to remove")


@command.command("status")
@click.option("--all", "everything", is_flag=True, help="CPUs that images have no name for, too")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@qemu_option
@click.pass_obj
def status_command(session: Session, /, everything: bool, as_json: bool) -> None:
    """Show for each platform how its programs run on this host, by running one."""
    rows = tuple(row for row in machines.MACHINES if everything or row.architecture)
    found = make_status(_gather(session, rows), rows)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo(plain_table(_TITLES, [_cells(row) for row in found.rows]), nl=False)
    for line in _remarks(found):
        click.echo(line)


def _gather(session: Session, rows: tuple[Machine, ...]) -> facts.HostFacts:
    return facts.gather(_ROOT, machines.host(), rows, session.search_path, session.emulators)


def _need_root(dry_run: bool) -> None:
    if os.geteuid() != 0 and not dry_run:
        words = process.show(["sudo", "trimaran", *sys.argv[1:]])
        raise HostError("only root may change the host's handlers", words)


def _check_missing(plan: Plan, rows: tuple[Machine, ...], named: tuple[str, ...]) -> None:
    """What was named must be possible; without names it is enough that something is."""
    if plan.missing and (named or len(plan.missing) == len(rows)):
        gaps = plan.missing if named else dict(list(plan.missing.items())[:1])
        raise HostError(
            "\n".join(f"{name}: {gap.reason}" for name, gap in gaps.items()),
            "; ".join(dict.fromkeys(gap.hint for gap in gaps.values() if gap.hint)),
        )


def _told(change: Change) -> None:
    click.echo(change.describe())


def _print_changes(changes: Iterable[Change]) -> None:
    for change in changes:
        click.echo(f"would {change.describe()}")


def _report(plan: Plan, failed: dict[str, str], *, named: bool, dry_run: bool) -> None:
    for cpu in plan.cpus:
        if cpu.kept and (named or cpu.kept != setup.NATIVE):
            click.echo(f"{cpu.machine.name}: {cpu.kept}")
        elif cpu.register and not dry_run and cpu.machine.name not in failed:
            click.echo(f"{cpu.machine.name}: its probe runs")
    if not any(plan.changes()):
        click.echo("nothing to change")
    for warning in plan.warnings:
        click.echo(f"WARNING: {warning}", err=True)
    if plan.missing:
        click.echo(f"no usable emulator is installed for: {', '.join(plan.missing)}", err=True)


def _cells(row: Row) -> tuple[str, ...]:
    used = row.used
    name = row.name
    probe = "ok" if row.probe == "ok" else "failed"
    if used is None:
        shown = f"({row.emulator} {row.emulator_version})" if row.emulator else "-"
        return (name, row.state, "-", "-", "-", shown if row.state == "missing" else "-", probe)
    reboot = "survives" if used.survives_reboot else "lost"
    version = f" {used.version}" if used.version else ""
    return (name, row.state, used.name, used.flags, reboot, used.interpreter + version, probe)


def _remarks(status: Status) -> Iterator[str]:
    """Below the table: what is wrong, and entries that are not used."""
    if status.table != "enabled":
        yield f"binfmt_misc is {status.table}"
    for row in status.rows:
        if row.state == "faulty" or (row.state == "missing" and not row.emulator):
            yield f"{row.name}: {row.reason}" + (f" (hint: {row.hint})" if row.hint else "")
        for entry in row.entries:
            if not entry.used and entry.faults:
                yield f"{row.name}: {entry.name} is not used: {'; '.join(entry.faults)}"
    for stray in status.strays:
        yield f"{stray.name}: {stray.fault}"
    offered = [row.name for row in status.rows if row.state == "missing" and row.emulator]
    if offered:
        yield f"emulators are there for: {', '.join(offered)}"
        yield "hint: sudo trimaran host setup PLATFORM..."

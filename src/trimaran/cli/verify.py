"""`trimaran verify`: whether an image holds what it says, on every platform."""

from __future__ import annotations

import os
import sys

import click
import msgspec

from trimaran import __version__, platforms
from trimaran.audit.allowances import Allowance
from trimaran.audit.audit import Audit
from trimaran.audit.findings import Report
from trimaran.audit.sarif import sarif
from trimaran.audit.text import report_text
from trimaran.cli import listing, places
from trimaran.cli.allowing import allow_options, allowed
from trimaran.cli.session import Session


@click.command("verify")
@click.argument("name", metavar="IMAGE")
@click.option("--platform", metavar="P", help="Only this platform")
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json", "sarif")),
    default="table",
    show_default=True,
    help="What to print",
)
@allow_options
@click.pass_obj
def command(
    session: Session,
    /,
    name: str,
    platform: str | None,
    form: str,
    allow: tuple[str, ...],
    allow_file: tuple[str, ...],
) -> None:
    """Check that each platform's programs are for that platform; status 1 if any would not run.

    IMAGE is a name, of the local store or else its registry, or docker://NAME, store:NAME,
    oci:DIR[:TAG], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME] or docker-daemon:NAME.
    """
    only = platforms.parse(platform) if platform else None
    given = tuple(Allowance(*pair) for pair in allowed(allow, allow_file))
    with session.store.use():
        found = places.find(session, name)
        place, _ = listing.readable(session, found)
        workers = len(os.sched_getaffinity(0))
        report = Audit(place, session.store, given, workers).run(found.descriptor, only)
    click.echo(_shown(report, form, name), nl=False)
    if report.errors:
        sys.exit(1)


def _shown(report: Report, form: str, name: str) -> str | bytes:
    match form:
        case "json":
            return msgspec.json.format(msgspec.json.encode(report)) + b"\n"
        case "sarif":
            return sarif(report, name, __version__)
        case _:
            return report_text(report)

"""`trimaran verify`: whether an image holds what it says, on every platform."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from trimaran import __version__, platforms, references
from trimaran.audit import allowances
from trimaran.audit.allowances import Allowance
from trimaran.audit.audit import Audit
from trimaran.audit.findings import Report
from trimaran.audit.sarif import sarif
from trimaran.audit.text import report_text
from trimaran.build.resolve import find_image
from trimaran.cli.session import Session
from trimaran.errors import UsageError
from trimaran.images.local import StoreImages

_F = TypeVar("_F", bound=Callable[..., Any])


def allow_options(function: _F) -> _F:
    """Add --allow and --allow-file."""
    by_flag = click.option(
        "--allow",
        multiple=True,
        metavar="PATTERN=REASON",
        help="Files that may be of another CPU",
    )
    by_file = click.option(
        "--allow-file", multiple=True, metavar="FILE", help="A file of such lines"
    )
    return by_flag(by_file(function))


def allowed(patterns: tuple[str, ...], files: tuple[str, ...]) -> tuple[Allowance, ...]:
    """What --allow and --allow-file say.

    Raises:
        UsageError: a line is malformed, or a file cannot be read.
    """
    found = [allowances.parse(text) for text in patterns]
    for name in files:
        try:
            text = Path(name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise UsageError(f"cannot read {name}: {reason}") from error
        found += allowances.parse_lines(text)
    return tuple(found)


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
    """Check that each platform's programs are for that platform; status 1 if any would not run."""
    reference = references.parse(name)
    only = platforms.parse(platform) if platform else None
    given = allowed(allow, allow_file)
    with session.store.use():
        images = StoreImages(session.store)
        place, descriptor = find_image(reference, images, session.repository)
        workers = len(os.sched_getaffinity(0))
        report = Audit(place, session.store, given, workers).run(descriptor, only)
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

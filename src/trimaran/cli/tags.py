"""`trimaran tags`: the tags of a repository."""

from __future__ import annotations

import click
import msgspec

from trimaran import references
from trimaran.cli.insecure import insecure_option
from trimaran.cli.session import Session


@click.command("tags")
@click.argument("name", metavar="REPOSITORY")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@insecure_option
@click.pass_obj
def command(session: Session, /, name: str, as_json: bool) -> None:
    """List the tags of a repository in its registry, one a line."""
    reference = references.parse(name.removeprefix("docker://"))
    tags = session.repository(reference).tags()
    if as_json:
        click.echo(msgspec.json.encode(tags).decode())
        return
    for tag in tags:
        click.echo(tag)

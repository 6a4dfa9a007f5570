"""`trimaran logout`: a login is forgotten."""

from __future__ import annotations

import click

from trimaran.cli.session import Session
from trimaran.references import DEFAULT_REGISTRY
from trimaran.registry.logins import DockerLogins


@click.command("logout")
@click.argument("registry", default=DEFAULT_REGISTRY, metavar="[HOST[:PORT]]")
@click.pass_obj
def command(session: Session, /, registry: str) -> None:
    """Remove a registry's login from Docker's config.json and its credential helper."""
    if DockerLogins(session.docker_config).remove(registry):
        click.echo(f"removed the login for {registry}")
    else:
        click.echo(f"there is no login for {registry} in {session.docker_config}")

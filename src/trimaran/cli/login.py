"""`trimaran login`: a login is proven, then kept where Docker's programs look for it."""

from __future__ import annotations

import dataclasses
import sys

import click

from trimaran.cli.insecure import insecure_option
from trimaran.cli.session import Session
from trimaran.errors import UsageError
from trimaran.references import DEFAULT_REGISTRY
from trimaran.registry.credentials import Credentials
from trimaran.registry.logins import DockerLogins


@click.command("login")
@click.argument("registry", default=DEFAULT_REGISTRY, metavar="[HOST[:PORT]]")
@click.option("-u", "--username", metavar="NAME", help="The account (default: asked for)")
@click.option("-p", "--password", metavar="SECRET", help="Seen by all users of this machine")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input")
@insecure_option
@click.pass_obj
def command(
    session: Session,
    /,
    registry: str,
    username: str | None,
    password: str | None,
    password_stdin: bool,
) -> None:
    """Log in to a registry, and keep the login in Docker's config.json or its credential helper."""
    from trimaran.cli import settings
    from trimaran.registry.client import Client

    login = _ask(registry, username, password, password_stdin)
    plain = settings.read(session.settings_path).plain_http
    client = Client(
        lambda _: login,
        certs_folder=session.certs_folder,
        proxies=session.proxies,
        plain_http={*plain, registry} if session.insecure else plain,
    )
    identity_token = client.check_login(registry)
    client.close()
    kept = dataclasses.replace(login, identity_token=identity_token)
    where = DockerLogins(session.docker_config).store(registry, kept)
    if where == str(session.docker_config):
        what = "an identity token" if identity_token else "the password"
        click.echo(
            f"warning: {what} is kept in plain text in {where}\n"
            'hint: name a credential helper there: "credsStore"',
            err=True,
        )
    click.echo(f"logged in to {registry}, kept by {where}")


def _ask(
    registry: str, username: str | None, password: str | None, password_stdin: bool
) -> Credentials:
    if password_stdin:
        if password is not None or not username:
            raise UsageError("--password-stdin needs --username, and no --password")
        return Credentials(username, sys.stdin.read().rstrip("\r\n"), "the command line")
    if (username is None or password is None) and not sys.stdin.isatty():
        raise UsageError("no terminal to ask for the password", "--username N --password-stdin")
    name = username or click.prompt(f"Username for {registry}", err=True)
    secret = password or click.prompt("Password", hide_input=True, err=True)
    return Credentials(name, secret, "the command line")

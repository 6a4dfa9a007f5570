"""`trimaran run`: an image of any architecture, as `docker run` would run it."""

from __future__ import annotations

import sys
from typing import Any

import click

from trimaran import platforms, references
from trimaran.build.containers import fetch_image, run_image, with_options
from trimaran.cli.emulators import qemu_option
from trimaran.cli.quirks import quirks_option
from trimaran.cli.run_options import container_options, of_container
from trimaran.cli.session import Session
from trimaran.cli.values import key_values
from trimaran.cli.views import progress_option, view
from trimaran.executor.containers import bind_mount, program_of
from trimaran.executor.stage import Program
from trimaran.oci.models import RunConfig


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.argument("image", metavar="IMAGE")
@click.argument("arguments", nargs=-1, metavar="[CMD...]")
@click.option("--platform", metavar="P", help="The platform to run (default: this machine's)")
@click.option("-e", "--env", multiple=True, metavar="NAME[=VALUE]", help="Set a variable")
@click.option(
    "-v", "--volume", multiple=True, metavar="HOST:DIR[:ro]", help="Mount a file or folder"
)
@click.option("-w", "--workdir", default="", metavar="DIR", help="The working directory")
@click.option("-u", "--user", default="", metavar="USER[:GROUP]", help="The user")
@click.option("--entrypoint", metavar="PROGRAM", help="Replace the image's entrypoint")
@click.option("-t", "--tty", is_flag=True, help="Give it a terminal")
@click.option("-i", "--interactive", is_flag=True, help="Accepted: input is always connected")
@click.option("--rm", is_flag=True, help="Accepted: nothing is ever kept")
@container_options
@qemu_option
@quirks_option
@progress_option
@click.pass_obj
def command(
    session: Session,
    /,
    image: str,
    arguments: tuple[str, ...],
    platform: str | None,
    env: tuple[str, ...],
    volume: tuple[str, ...],
    workdir: str,
    user: str,
    entrypoint: str | None,
    tty: bool,
    interactive: bool,
    rm: bool,
    progress: str,
    **limits: Any,
) -> None:
    """Run a program of IMAGE; its exit status becomes this command's."""
    del interactive, rm
    wanted = platforms.parse(platform) if platform else None
    options = of_container(**limits)
    mounts = [bind_mount(text) for text in volume]

    def make_program(config: RunConfig) -> Program:
        return program_of(
            config,
            arguments,
            entrypoint=None if entrypoint is None else (entrypoint,) if entrypoint else (),
            environment=key_values("--env", env, session.environment),
            directory=workdir,
            user=user,
            mounts=mounts,
            terminal=tty,
            isolated=options.network == "none",
        )

    # Everything is quiet unless asked for: standard error belongs to the program.
    with view("quiet" if progress == "auto" else progress) as shown, session.store.use():
        found = fetch_image(
            references.parse(image), wanted, session.store, session.repository, shown.emit
        )
        machine = with_options(session.machine, options)
        status = run_image(found, make_program, machine, shown.emit)
    sys.exit(status)

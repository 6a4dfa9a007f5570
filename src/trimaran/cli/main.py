"""The program `trimaran`: finds the command and turns what went wrong into words and a status.

Start-up is a feature: `--version` imports nothing, a command only what it needs.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from trimaran import __version__

if TYPE_CHECKING:
    import click

_COMMANDS = {
    "build": "Build a Dockerfile for one or many platforms",
    "run": "Run an image of any architecture",
    "images": "List the images of the local store",
    "tag": "Give an image of the local store one more name",
    "rmi": "Remove images from the local store",
    "du": "Show what takes space in the store",
    "prune": "Remove what makes builds fast but no image needs",
    "pull": "Fetch an image into the local store",
    "push": "Send an image of the local store to its registry",
    "inspect": "Show what an image holds",
    "verify": "Check that an image's programs are for its platforms",
    "copy": "Copy an image between registries, folders, archives and stores",
    "tags": "List the tags of a repository",
    "referrers": "List what refers to an image: signatures, SBOMs",
    "delete": "Remove tags or images from a registry",
    "login": "Log in to a registry",
    "logout": "Forget a login",
    "manifest": "Make image lists, and change them where they are",
    "platforms": "List the platforms that this machine can build and run",
    "base": "Make a base image for platforms that no maintainer serves",
    "host": "Let the host itself run programs of other CPUs",
}
_INTERRUPTED = 130
_TERMINATED = 143


def main() -> NoReturn:
    """Run the command line of this process and exit with its status.

    0 is done, 1 a build or check that failed, 2 wrong usage, 130 an interrupt, 143 SIGTERM.
    """
    if sys.argv[1:] == ["--version"]:
        print(f"trimaran {__version__}")
        sys.exit(0)
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    import click

    from trimaran.errors import TrimaranError

    terminated = _terminate_as_interrupt()
    try:
        status = _group().main(arguments, prog_name="trimaran", standalone_mode=False)
    except TrimaranError as error:
        from trimaran.cli.failures import show

        show(error)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        print("terminated" if terminated else "interrupted", file=sys.stderr)
        return _TERMINATED if terminated else _INTERRUPTED
    except OSError as error:
        return _show_system_error(error)
    return status if isinstance(status, int) else 0


def _show_system_error(error: OSError) -> int:
    """What no room below gave a meaning to: a file of the user's, mostly."""
    if isinstance(error, BrokenPipeError):
        # The reader is gone; Python's own flush at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    subject = f"{error.filename}: " if error.filename else ""
    print(f"ERROR: {subject}{error.strerror or error}", file=sys.stderr)
    return 1


def _terminate_as_interrupt() -> list[int]:
    """Let SIGTERM end the command in order, as Ctrl-C does; the list tells whether it came."""
    import signal

    received: list[int] = []

    def end(number: int, frame: object) -> NoReturn:
        del frame
        received.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    return received


def _group() -> click.Group:
    import importlib

    import click

    class Commands(click.Group):
        """Loads a command's module when it is named; the list of all needs none of them."""

        def list_commands(self, ctx: click.Context) -> list[str]:
            del ctx
            return list(_COMMANDS)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            del ctx
            if cmd_name not in _COMMANDS:
                return None
            module = importlib.import_module(f"trimaran.cli.{cmd_name}")
            command: click.Command = module.command
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            del ctx
            with formatter.section("Commands"):
                formatter.write_dl(list(_COMMANDS.items()))

    return Commands(
        "trimaran",
        help="Images for every architecture from one Dockerfile: no daemon, no root, no set-up.",
        params=[
            click.Option(
                ["--store"],
                metavar="DIR",
                envvar="TRIMARAN_STORE",
                help="Where images and results are kept (or $TRIMARAN_STORE)",
            ),
            _version_option(),
        ],
        callback=_open_session,
    )


def _version_option() -> click.Option:
    import click

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        del param
        if value:
            click.echo(f"trimaran {__version__}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=show,
        help="Show the version and exit",
    )


def _open_session(store: str | None) -> None:
    import click

    from trimaran.cli.session import Session

    click.get_current_context().obj = Session.from_environment(store)

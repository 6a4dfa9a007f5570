"""`trimaran base`: base images from Debian's packages, for platforms that no maintainer serves."""

from __future__ import annotations

import click

from trimaran import platforms, references
from trimaran.build.base import BaseRequest, make_base, parse_kind
from trimaran.cli.emulators import qemu_option
from trimaran.cli.session import Session
from trimaran.cli.views import progress_option, view
from trimaran.errors import UsageError


@click.command("base")
@click.argument("kind", metavar="busybox[:SUITE]|debian:SUITE")
@click.option("-t", "--tag", "tags", multiple=True, metavar="NAME", help="Name of the result")
@click.option(
    "--platform", "wanted", multiple=True, metavar="A,B", help="Platforms (default: this machine's)"
)
@qemu_option
@progress_option
@click.pass_obj
def command(
    session: Session, /, kind: str, tags: tuple[str, ...], wanted: tuple[str, ...], progress: str
) -> None:
    """Make a base image for many platforms in the local store and print its digest.

    busybox is Debian's static program and its links; debian:SUITE is what mmdebstrap's minbase
    installs, the foreign ones emulated in a private namespace.
    """
    if not tags:
        raise UsageError("the base needs a name", "add -t NAME")
    which, suite = parse_kind(kind)
    request = BaseRequest(
        which,
        suite,
        tuple(references.parse(tag) for tag in tags),
        platforms.parse_list(",".join(wanted)) if wanted else (platforms.host(),),
        session.proxies,
        session.source_date_epoch,
    )
    with view(progress) as shown:
        machine = session.machine
        descriptor = make_base(
            request,
            session.store,
            shown.emit,
            search_path=session.search_path,
            cores=machine.cores,
            stop=machine.stop,
            emulators=machine.emulators,
        )
    click.echo(descriptor.digest)

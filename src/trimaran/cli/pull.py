"""`trimaran pull`: an image from its registry into the local store."""

from __future__ import annotations

import click

from trimaran import platforms, references
from trimaran.cli.insecure import insecure_option
from trimaran.cli.session import Session
from trimaran.cli.views import progress_option, view
from trimaran.images.copy import copy
from trimaran.images.local import StoreImages


@click.command("pull")
@click.argument("name", metavar="IMAGE")
@click.option("--platform", metavar="A,B", help="Layers of these platforms only (default: all)")
@insecure_option
@progress_option
@click.pass_obj
def command(session: Session, /, name: str, platform: str | None, progress: str) -> None:
    """Fetch an image into the local store and print its digest.

    With --platform the name goes on meaning the whole image; what was left out is fetched when it
    is needed.
    """
    reference = references.parse(name)
    wanted = platforms.parse_list(platform) if platform else ()
    with view(progress) as shown, session.store.use():
        source = session.repository(reference)
        descriptor = source.resolve(reference.tag_or_digest)
        written = copy(
            source,
            descriptor,
            StoreImages(session.store),
            tag=str(reference),
            layers_of=wanted,
            emit=shown.emit,
            verb="pull",
        )
    click.echo(written.digest)

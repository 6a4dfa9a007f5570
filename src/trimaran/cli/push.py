"""`trimaran push`: an image of the local store to its registry."""

from __future__ import annotations

import click

from trimaran import references
from trimaran.cli.session import Session
from trimaran.cli.views import progress_option, view
from trimaran.images.copy import copy
from trimaran.images.local import StoreImages


@click.command("push")
@click.argument("name", metavar="IMAGE")
@progress_option
@click.pass_obj
def command(session: Session, /, name: str, progress: str) -> None:
    """Send an image with all its platforms to its registry and print its digest."""
    reference = references.parse(name)
    with view(progress) as shown, session.store.use():
        source = StoreImages(session.store)
        descriptor = source.resolve(str(reference))
        target = session.repository(reference)
        target.check_push()
        copy(source, descriptor, target, tag=reference.tag, emit=shown.emit, verb="push")
    click.echo(descriptor.digest)

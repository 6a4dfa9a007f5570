"""`trimaran tag`: one more name for an image of the local store."""

from __future__ import annotations

import click

from trimaran import references
from trimaran.cli.session import Session
from trimaran.errors import UsageError
from trimaran.images.local import StoreImages


@click.command("tag")
@click.argument("image", metavar="IMAGE")
@click.argument("name", metavar="NAME")
@click.pass_obj
def command(session: Session, /, image: str, name: str) -> None:
    """Give an image of the local store one more name; NAME moves if it meant another image."""
    target = references.parse(name)
    if target.digest:
        raise UsageError("a name with a digest cannot be given", "write NAME:TAG")
    store = session.store
    with store.use():
        store.tag(target, StoreImages(store).resolve(str(references.parse(image))))

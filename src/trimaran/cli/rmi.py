"""`trimaran rmi`: names go, and with the last name the content that nothing else needs."""

from __future__ import annotations

import click

from trimaran import references
from trimaran.cli.session import Session
from trimaran.errors import NotFoundError
from trimaran.ui import words


@click.command("rmi")
@click.argument("names", nargs=-1, required=True, metavar="IMAGE...")
@click.pass_obj
def command(session: Session, /, names: tuple[str, ...]) -> None:
    """Remove images from the local store by name.

    Content that no other image or cached step needs is removed, unless a build is running.
    """
    store = session.store
    wanted = [references.parse(name) for name in names]
    for reference in wanted:
        if store.resolve(reference) is None:
            raise NotFoundError(
                f"the local store has no image {reference.familiar}", "see: trimaran images"
            )
    for reference in wanted:
        store.untag(reference)
        click.echo(f"untagged {reference.familiar}")
    with store.alone() as alone:
        if alone:
            freed = sum(store.remove_blob(digest) for digest in store.garbage())
            click.echo(f"freed {words.size(freed)}")

"""`trimaran tag`: one more name for an image of the local store."""

from __future__ import annotations

import click

from trimaran import references
from trimaran.cli.session import Session
from trimaran.errors import NotFoundError, UsageError
from trimaran.images import drafts, pick, tree
from trimaran.images.local import StoreImages
from trimaran.oci.models import Descriptor
from trimaran.references import Reference
from trimaran.store.store import Store


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
        store.tag(target, _held(store, references.parse(image)))


def _held(store: Store, image: Reference) -> Descriptor:
    """What a name or digest stands for, all of which stays while the store is in `use`.

    Raises:
        NotFoundError: it is not there, or no longer.
    """
    images = StoreImages(store)
    found: Descriptor | None = None
    # What is read is not collected from then on; it may have gone with its name just before.
    while found != (now := images.resolve(str(image))):
        images.read_manifest(now)
        found = now
    if store.resolve(image) is None and not _is_there(store, found):
        raise NotFoundError(
            f"the local store has no more than the manifest of {image.digest}", "pull it again"
        )
    return found


def _is_there(store: Store, found: Descriptor) -> bool:
    """Whether any platform's layers are there, or in a registry that is known."""
    images = StoreImages(store)
    offers = pick.offers(images, found)
    if not offers:  # an artifact
        content = tree.gather(images, tree.read_node(images, found))
        return all(images.has_blob(blob) for blob in content.blobs)
    return any(
        drafts.origin(store, offer.descriptor.digest)
        or pick.is_complete(images, pick.open_choice(images, offer.descriptor))
        for offer in offers
    )

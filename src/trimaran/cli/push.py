"""`trimaran push`: an image of the local store to its registry."""

from __future__ import annotations

import click

from trimaran import references
from trimaran.cli.allowing import Auditing, audit_options
from trimaran.cli.insecure import insecure_option
from trimaran.cli.session import Session
from trimaran.cli.views import progress_option, view
from trimaran.errors import NotFoundError
from trimaran.images import tree
from trimaran.images.copy import copy
from trimaran.images.local import StoreImages
from trimaran.images.supplement import Borrowing
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.references import Reference


@click.command("push")
@click.argument("name", metavar="IMAGE")
@audit_options
@insecure_option
@progress_option
@click.pass_obj
def command(session: Session, /, name: str, progress: str, auditing: Auditing) -> None:
    """Send an image with all its platforms to its registry and print its digest."""
    reference = references.parse(name)
    with view(progress) as shown, session.store.use():
        source = StoreImages(session.store)
        descriptor = source.resolve(str(reference))
        target = session.repository(reference)
        target.check_push()
        lent = _lent(source, descriptor, target, reference)
        gate = auditing.gate(session.store, shown.emit)
        gate.check(Borrowing(source, lent), descriptor, reference.familiar)
        copy(source, descriptor, target, tag=reference.tag, emit=shown.emit, verb="push")
    click.echo(descriptor.digest)


def _lent(
    source: StoreImages, descriptor: Descriptor, target: Place, reference: Reference
) -> dict[str, Place]:
    """Blobs that only the target has; what no one has was never pulled and cannot be sent."""
    image = tree.gather(source, tree.read_node(source, descriptor))
    missing = [blob for blob in image.blobs if not source.has_blob(blob)]
    if any(not target.has_blob(blob) for blob in missing):
        raise NotFoundError(
            f"{reference.familiar} was pulled for some of its platforms only",
            f"pull it whole first: trimaran pull {reference.familiar}",
        )
    return {blob.digest: target for blob in missing}

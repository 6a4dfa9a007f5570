"""`trimaran manifest`: image lists, as `docker manifest` makes them, and edited where they are."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click
import msgspec

from trimaran.cli import listing, places
from trimaran.cli.allowing import Auditing, audit_options
from trimaran.cli.flags import GoCommand
from trimaran.cli.insecure import insecure_option
from trimaran.cli.manifest_edit import add_commands
from trimaran.cli.manifest_options import annotations_option
from trimaran.cli.session import Session
from trimaran.cli.values import labels
from trimaran.cli.views import progress_option, view
from trimaran.errors import NotFoundError, UsageError
from trimaran.events import ignore
from trimaran.images import drafts
from trimaran.images.copy import copy
from trimaran.images.lists import ImageList
from trimaran.images.local import StoreImages
from trimaran.images.members import Entry
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.references import Reference
from trimaran.ui import words


@click.group("manifest")
def command() -> None:
    """Make and change image lists: one name for the images of several platforms.

    A new list is a named image of the local store, as `trimaran images` shows it, until it is
    pushed. A list that is in a registry is changed there.
    """


add_commands(command)


@command.command("create", cls=GoCommand)
@click.argument("name", metavar="LIST")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("-a", "--amend", is_flag=True, help="Add to the list if the local store has it")
@click.option("--force", is_flag=True, help="List images that say they are for another platform")
@annotations_option("Annotation of the list itself")
@insecure_option
@click.pass_obj
def create_command(
    session: Session,
    /,
    name: str,
    images: tuple[str, ...],
    amend: bool,
    force: bool,
    annotations: tuple[str, ...],
) -> None:
    """Make a list of images in the local store.

    IMAGE is a name, of the local store or else its registry, or such as oci:DIR:TAG. Of an image in
    a registry no layers are fetched. An image of several platforms gives all of them.
    """
    reference = listing.list_name(name)
    store = session.store
    with store.use():
        local = StoreImages(store)
        found = [places.find(session, image, mirror=local) for image in images]
        judged = listing.judged(found, force=force)
        listing.keep(session, judged, ignore)
        there = store.resolve(reference) if amend else None
        listed = ImageList.read(local, there) if there else ImageList.empty()
        listed = listed.with_members(image.member for image in judged)
        node = listed.with_annotations(labels(annotations)).node()
        local.write_manifest(node.raw, node.descriptor.media_type, str(reference))
    click.echo(f"Created manifest list {reference}")


@command.command("push", cls=GoCommand)
@click.argument("name", metavar="LIST")
@click.option("-p", "--purge", is_flag=True, help="Remove it from the local store when it is up")
@audit_options
@insecure_option
@progress_option
@click.pass_obj
def push_command(
    session: Session, /, name: str, purge: bool, progress: str, auditing: Auditing
) -> None:
    """Send a list of the local store, with all that it lists, to its registry.

    Layers that are in a registry go from there, and are only mounted if it is the same one. All
    images are audited, as by `trimaran verify`. The tag is written last.
    """
    reference = listing.list_name(name)
    with view(progress) as shown, session.store.use():
        local = StoreImages(session.store)
        descriptor = local.resolve(str(reference))
        source, repositories = listing.lent(session, descriptor)
        same = [each.repository for each in repositories if each.registry == reference.registry]
        target = session.repository(reference, same)
        target.check_push()
        for notice in listing.moved(session, ImageList.read(local, descriptor)):
            shown.emit(notice)
        gate = auditing.gate(session.store, shown.emit, asked=True)
        far = bool(repositories)
        source, approve = gate.watch(source, descriptor, reference.familiar, far=far)
        emit = shown.emit
        copy(source, descriptor, target, tag=reference.tag, emit=emit, verb="push", approve=approve)
        if purge:
            session.store.untag(reference)
    click.echo(descriptor.digest)


@command.command("inspect", cls=GoCommand)
@click.argument("names", nargs=-1, required=True, metavar="[LIST] IMAGE")
@click.option("-v", "--verbose", is_flag=True, help="Each image with its manifest, source and age")
@insecure_option
@click.pass_obj
def inspect_command(session: Session, /, names: tuple[str, ...], verbose: bool) -> None:
    """Print a list's JSON, or that of an image in it; with -v what is known of each image.

    How old a list of the local store is, and which of its images' tags have moved since, is said on
    standard error.
    """
    if len(names) > 2:  # noqa: PLR2004
        raise UsageError("inspect takes an image, or a list and an image in it")
    with session.store.use():
        found = places.find(session, names[0])
        listed = ImageList.read(found.place, found.descriptor)
        if found.kind == "store" and found.reference is not None:
            _tell(session, found.reference, listed)
        if len(names) == 2:  # noqa: PLR2004
            wanted = listing.candidates(session, listed, names[1])
            raw = found.place.read_manifest(listed.find(wanted, names[1]).descriptor)
        elif verbose:
            raw = _verbose(session, found.place, found.descriptor, names[0], listed.entries)
        else:
            raw = found.place.read_manifest(found.descriptor)
    click.echo(msgspec.json.format(raw, indent=3))


@command.command("rm")
@click.argument("names", nargs=-1, required=True, metavar="LIST...")
@click.pass_obj
def rm_command(session: Session, /, names: tuple[str, ...]) -> None:
    """Remove lists from the local store. Their images stay, and what registries have."""
    references = [listing.list_name(name) for name in names]
    for reference in references:
        if session.store.resolve(reference) is None:
            raise NotFoundError(
                f"the local store has no list {reference.familiar}",
                f"in a registry it is removed by: trimaran delete {reference.familiar}",
            )
    for reference in references:
        session.store.untag(reference)
        click.echo(f"removed {reference.familiar}")


def _tell(session: Session, reference: Reference, listed: ImageList) -> None:
    for named in session.store.names():
        if named.reference == reference:
            age = words.duration(max(0.0, time.time() - named.created))
            click.echo(f"{reference.familiar} is in the local store, {age} old", err=True)
    for notice in listing.moved(session, listed):
        click.echo(f"warning: {notice.message}\nhint: {notice.hint}", err=True)


def _verbose(
    session: Session, place: Place, descriptor: Descriptor, name: str, entries: Sequence[Entry]
) -> bytes:
    """Docker's JSON of `inspect -v`, with where an image was found and how long ago."""
    shown = [_one(session, place, name, entry) for entry in entries]
    single = descriptor.media_type not in media_types.INDEXES
    return msgspec.json.encode(shown[0] if single else shown)


def _one(session: Session, place: Place, name: str, entry: Entry) -> dict[str, object]:
    descriptor = entry.descriptor
    docker = descriptor.media_type == media_types.DOCKER_MANIFEST
    fields: dict[str, object] = {"Ref": f"{name}@{entry.digest}", "Descriptor": entry.fields}
    origin = drafts.origin(session.store, entry.digest)
    if origin is not None:
        fields["Origin"] = origin.reference
        fields["AgeSeconds"] = round(time.time() - origin.at)
    raw = msgspec.Raw(place.read_manifest(descriptor))
    fields["SchemaV2Manifest" if docker else "OCIManifest"] = raw
    return fields

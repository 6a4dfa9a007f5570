"""`trimaran manifest add`, `remove` and `set`: lists are changed where they are."""

from __future__ import annotations

import click

from trimaran import platforms
from trimaran.cli import listing, places
from trimaran.cli.allowing import Auditing, audit_options
from trimaran.cli.flags import GoCommand
from trimaran.cli.manifest_annotate import annotate_command
from trimaran.cli.manifest_options import annotations_option, config_options, edit_options
from trimaran.cli.session import Session
from trimaran.cli.values import labels
from trimaran.cli.views import view
from trimaran.images.lists import ImageList


def add_commands(group: click.Group) -> None:
    """Give the commands to `trimaran manifest`."""
    for each in (add_command, remove_command, set_command, annotate_command):
        group.add_command(each)


@click.command("add", cls=GoCommand)
@click.argument("name", metavar="LIST")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@annotations_option("Annotation of the list itself")
@config_options
@audit_options
@edit_options
@click.pass_obj
def add_command(
    session: Session,
    /,
    name: str,
    images: tuple[str, ...],
    annotations: tuple[str, ...],
    force: bool,
    fix: bool,
    retries: int,
    progress: str,
    auditing: Auditing,
) -> None:
    """Add images to a list, each in place of the one of its platform, and print the new digest.

    Images that come to a registry are audited, as by `trimaran verify`.
    """
    with view(progress) as shown, session.store.use():
        target = places.editable(session, name)
        found = [places.find(session, image) for image in images]
        judged = listing.judged(found, force=force, fix=fix)
        gate = auditing.gate(session.store, shown.emit, asked=True)
        target = listing.deliver(session, target, judged, gate, shown.emit)
        members = [image.member for image in judged]
        digest = listing.change(
            target,
            lambda listed: listed.with_members(members).with_annotations(labels(annotations)),
            retries,
            shown.emit,
        )
    click.echo(digest)


@click.command("remove", cls=GoCommand)
@click.argument("name", metavar="LIST")
@click.argument("wanted", nargs=-1, required=True, metavar="PLATFORM...")
@edit_options
@click.pass_obj
def remove_command(
    session: Session, /, name: str, wanted: tuple[str, ...], retries: int, progress: str
) -> None:
    """Remove platforms from a list, with the attestations about them, and print the new digest."""
    gone = [platforms.parse(each) for each in wanted]

    def change(listed: ImageList) -> ImageList:
        for platform in gone:
            listed = listed.without(platform, name)
        return listed

    with view(progress) as shown, session.store.use():
        target = places.editable(session, name)
        digest = listing.change(target, change, retries, shown.emit)
    click.echo(digest)


@click.command("set", cls=GoCommand)
@click.argument("name", metavar="LIST")
@click.argument("image", metavar="IMAGE")
@click.option("--platform", required=True, metavar="P", help="The platform that it is for")
@config_options
@audit_options
@edit_options
@click.pass_obj
def set_command(
    session: Session,
    /,
    name: str,
    image: str,
    platform: str,
    force: bool,
    fix: bool,
    retries: int,
    progress: str,
    auditing: Auditing,
) -> None:
    """Make IMAGE the list's image of one platform, and print the new digest.

    An image whose config says another platform is refused: --fix-config lists the same layers under
    a new config, --force the image as it is. In a registry it is audited, as by `trimaran verify`.
    """
    with view(progress) as shown, session.store.use():
        target = places.editable(session, name)
        found = [places.find(session, image)]
        judged = listing.judged(found, force=force, fix=fix, platform=platform)
        gate = auditing.gate(session.store, shown.emit, asked=True)
        target = listing.deliver(session, target, judged, gate, shown.emit)
        members = [each.member for each in judged]
        digest = listing.change(
            target, lambda listed: listed.with_members(members), retries, shown.emit
        )
    click.echo(digest)

"""`trimaran manifest annotate`: what a list says of an image, or of itself."""

from __future__ import annotations

import click
import msgspec

from trimaran.build.verifying import Gate
from trimaran.cli import listing, places
from trimaran.cli.allowing import Auditing, audit_options
from trimaran.cli.flags import GoCommand
from trimaran.cli.listing import Judged
from trimaran.cli.manifest_options import annotations_option, config_options, edit_options
from trimaran.cli.places import Editable, Found
from trimaran.cli.session import Session
from trimaran.cli.values import labels
from trimaran.cli.views import view
from trimaran.errors import UsageError
from trimaran.events import ignore
from trimaran.images.lists import ImageList, annotated
from trimaran.images.members import Entry, Member, placed
from trimaran.platforms import Platform


class _Wish(msgspec.Struct, frozen=True):
    """What `annotate` is to change of an entry; None for what is to stay."""

    os: str | None
    architecture: str | None
    variant: str | None
    os_version: str | None
    os_features: tuple[str, ...]
    annotations: dict[str, str]

    def platform(self, old: Platform) -> Platform:
        """The entry's new platform, normalised."""
        # Another architecture does not keep the old one's variant.
        kept = old.variant if self.architecture is None else ""
        return Platform(
            self.os or old.os,
            self.architecture or old.architecture,
            kept if self.variant is None else self.variant,
            old.os_version if self.os_version is None else self.os_version,
            self.os_features or old.os_features,
        ).normalised()


@click.command("annotate", cls=GoCommand)
@click.argument("name", metavar="LIST")
@click.argument("image", required=False, metavar="[IMAGE]")
@click.option("--os", "system", metavar="OS", help="Its operating system")
@click.option("--arch", metavar="ARCH", help="Its architecture")
@click.option("--variant", metavar="V", help="Its architecture's variant, such as v7")
@click.option("--os-version", metavar="V", help="Its operating system's version")
@click.option("--os-features", multiple=True, metavar="A,B", help="What its system must have")
@annotations_option("Annotation of the entry, or of the list; an empty value removes it")
@config_options
@audit_options
@edit_options
@click.pass_obj
def annotate_command(
    session: Session,
    /,
    name: str,
    image: str | None,
    system: str | None,
    arch: str | None,
    variant: str | None,
    os_version: str | None,
    os_features: tuple[str, ...],
    annotations: tuple[str, ...],
    force: bool,
    fix: bool,
    retries: int,
    progress: str,
    auditing: Auditing,
) -> None:
    """Change what a list says of an image, or without IMAGE its own annotations.

    IMAGE is the name that it was listed by, its digest, or its platform. A platform that its config
    denies is refused: --fix-config lists the same layers under a new config, --force as it is.
    """
    features = tuple(part for each in os_features for part in each.split(",") if part)
    wish = _Wish(system, arch, variant, os_version, features, labels(annotations))
    with view(progress) as shown, session.store.use():
        target = places.editable(session, name)
        if image is None:
            if wish != _Wish(None, None, None, None, (), wish.annotations) or not annotations:
                raise UsageError("say which image of the list", f"annotate {name} IMAGE --arch A")
            digest = listing.change(
                target,
                lambda listed: listed.with_annotations(wish.annotations),
                retries,
                shown.emit,
            )
        else:
            listed = ImageList.read(target.place, target.place.resolve(target.tag))
            wanted = listing.candidates(session, listed, image)
            gate = auditing.gate(session.store, shown.emit, asked=True)
            old = listed.find(wanted, image)
            entry = _entry(session, target, old, wish, (force, fix), gate)
            digest = listing.change(
                target,
                lambda listed: _changed(listed, wanted, image, entry),
                retries,
                shown.emit,
            )
    click.echo(digest)


def _entry(
    session: Session,
    target: Editable,
    old: Entry,
    wish: _Wish,
    how: tuple[bool, bool],
    gate: Gate,
) -> Entry:
    """The entry as it is to be; with --fix-config its new image is at the target."""
    found = Found(target.place, old.descriptor, old.digest, target.kind, target.reference)
    member = Member(target.place, old, (), f"{target.reference.familiar}@{old.digest}")
    platform = wish.platform(member.platform)
    force, fix = how
    if platform != member.platform:
        member = placed(member, platform, force=force, fix=fix)
    if member.entry.digest != old.digest:
        listing.deliver(session, target, [Judged(member, found, old.digest)], gate, ignore)
    elif platform != old.platform and target.kind == "registry":
        listing.watch(gate, member, far=False)
    return annotated(member.entry, platform, wish.annotations)


def _changed(listed: ImageList, wanted: list[str], image: str, entry: Entry) -> ImageList:
    # Done a second time, a mended config has changed the digest already.
    old = listed.find([*wanted, entry.digest], image)
    return listed.with_changed(old, entry)

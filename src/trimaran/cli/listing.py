"""What the commands on image lists share: finding images, judging them, and bringing them along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import msgspec

from trimaran import digests, platforms, references
from trimaran.build.verifying import Gate
from trimaran.cli import places
from trimaran.cli.places import Editable, Found
from trimaran.cli.session import Session
from trimaran.errors import ImageError, NotFoundError, PlatformError, TrimaranError, UsageError
from trimaran.events import Emit, Notice
from trimaran.images import drafts, tree
from trimaran.images.drafts import Origin
from trimaran.images.edit import Care, Change, bring, edit
from trimaran.images.lists import ImageList
from trimaran.images.local import StoreImages
from trimaran.images.members import Member, entries_of, members_of, placed
from trimaran.images.supplement import Borrowing, Supplemented
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.ui import words


class Judged(msgspec.Struct, frozen=True):
    """An image that a list is to hold, and where it was found."""

    member: Member
    found: Found
    digest: str
    """The image's digest there; a mended config has changed the member's."""


def list_name(text: str) -> Reference:
    """The name of a list that is written: a tag, no digest. Raises UsageError."""
    reference = references.parse(text)
    if reference.digest:
        raise UsageError("a list has a tag, not a digest", "write NAME:TAG")
    return reference


def judged(
    found: Iterable[Found], *, force: bool = False, fix: bool = False, platform: str = ""
) -> list[Judged]:
    """The images of all platforms, or the one of `platform`, whose configs do not disagree.

    Raises:
        ImageError: one does; or two are for one platform.
    """
    images: list[Judged] = []
    for each in found:
        members = members_of(each.place, each.descriptor, each.name)
        if platform:
            images.append(_placed_as(each, members, platforms.parse(platform), force, fix))
            continue
        for member in members:
            new = placed(member, member.platform, force=force, fix=fix)
            images.append(Judged(new, each, member.entry.digest))
    if not force:
        _refuse_doubles(images)
    return images


def deliver(
    session: Session, target: Editable, images: Sequence[Judged], gate: Gate, emit: Emit
) -> Editable:
    """Bring the images to where the list is; gives the list's place, reopened for mounts.

    In a registry they are published by that, so they are audited as what the list calls them.

    Raises:
        TrimaranError: an image cannot be read, is not what it says, or cannot be written there.
    """
    if target.kind == "store":
        keep(session, images, emit)
        return target
    whole = [_whole(session, image) for image in images]
    mounts = places.mountable([image.found for image in images], target.reference)
    mounts += [
        reference.repository
        for _, lent in whole
        for reference in lent
        if reference.registry == target.reference.registry
    ]
    repository = session.repository(target.reference, sorted(set(mounts)))
    far = [image.found.kind == "registry" or bool(whole[n][1]) for n, image in enumerate(images)]
    watched = [watch(gate, one, far=is_far) for (one, _), is_far in zip(whole, far, strict=True)]
    for member, approve in watched:
        bring(member, repository, emit=emit, verb="push", approve=approve)
    return msgspec.structs.replace(target, place=repository)


def watch(gate: Gate, member: Member, *, far: bool) -> tuple[Member, Callable[[], None]]:
    """Audit an image as what its list calls it. Returns, raises: as `Gate.watch`."""
    node = ImageList.empty().with_members([member]).node()
    place = Supplemented(member.place, {node.descriptor.digest: node.raw})
    source, approve = gate.watch(place, node.descriptor, member.name, far=far)
    return msgspec.structs.replace(member, place=source), approve


def keep(session: Session, images: Iterable[Judged], emit: Emit) -> None:
    """Bring the images into the local store: of a registry's, all but the layers."""
    local = StoreImages(session.store)
    for image in images:
        found, listed = image.found, image.member.entry.digest
        if found.kind == "file":
            drafts.take(image.member, local, emit)
        elif found.kind == "registry" or listed != image.digest:
            drafts.take_outline(image.member, local)
        if found.reference is not None and found.kind != "file":
            known = drafts.origin(session.store, image.digest) if listed != image.digest else None
            reference = references.parse(known.reference) if known else found.reference
            kind = known.kind if known else found.kind
            drafts.remember(session.store, listed, image.digest, reference, kind)


def change(target: Editable, change: Change, retries: int, emit: Emit) -> str:
    """Edit the list where it is, and say where that was; gives the new digest."""
    care = Care(retries, settle_s=0.0) if target.kind == "store" else Care(retries)
    written = edit(target.place, target.tag, change, care, emit=emit)
    hint = ""
    if target.kind == "store":
        hint = f"publish it: trimaran manifest push {target.reference.familiar}"
    emit(Notice("info", f"changed {target.shown}", hint))
    return written.digest


def lent(session: Session, descriptor: Descriptor) -> tuple[Place, list[Reference]]:
    """The local store as the place of an image whose layers may be in registries.

    Raises:
        NotFoundError: where some are is not known.
    """
    local = StoreImages(session.store)
    image = tree.gather(local, tree.read_node(local, descriptor))
    lenders, repositories = drafts.lenders(session.store, image, session.repository)
    return (Borrowing(local, lenders) if lenders else local), repositories


def readable(session: Session, found: Found) -> tuple[Place, list[Reference]]:
    """Where an image can be read whole, as far as that is known, and what lends layers to it.

    Layers that a list of the store only names are read from where they are.
    """
    if found.kind == "store":
        with suppress(NotFoundError):
            return lent(session, found.descriptor)
    return found.place, []  # of some platforms only: who reads it is told what is missing


def candidates(session: Session, listed: ImageList, text: str) -> list[str]:
    """The digests that `text` may mean in a list: a platform, a digest, or an image's name.

    Raises:
        TrimaranError: it is a name that is not found.
    """
    try:
        platform = platforms.parse(text)
    except PlatformError:
        platform = None
    by_platform = [entry.digest for entry in listed.images if entry.platform == platform]
    if by_platform or digests.is_digest(text):
        return by_platform or [text]
    name = _name_in_records(text)
    known = [
        entry.digest
        for entry in listed.images
        if (came := drafts.origin(session.store, entry.digest)) and came.reference == name
    ]
    if known:
        return known
    found = places.find(session, text)
    return [found.descriptor.digest, *(e.digest for e in entries_of(found.place, found.descriptor))]


def moved(session: Session, listed: ImageList) -> list[Notice]:
    """A warning for each image whose tag means another one by now."""
    digests_ = [entry.digest for entry in listed.images]
    return [
        Notice(
            "warning",
            f"{references.parse(origin.reference).familiar} has moved since it was listed"
            f" {words.duration(time.time() - origin.at)} ago",
            "list it again: trimaran manifest add LIST IMAGE",
        )
        for origin in drafts.moved(session.store, digests_, lambda each: _now(session, each))
    ]


def _now(session: Session, origin: Origin) -> list[str]:
    transport = "docker://" if origin.kind == "registry" else "store:"
    try:
        found = places.find(session, transport + origin.reference)
    except NotFoundError:
        return []
    return [found.descriptor.digest, *(e.digest for e in entries_of(found.place, found.descriptor))]


def _name_in_records(text: str) -> str:
    bare = text.removeprefix("docker://").removeprefix("store:")
    try:
        return str(references.parse(bare))
    except TrimaranError:
        return text


def _placed_as(
    found: Found, members: Sequence[Member], platform: Platform, force: bool, fix: bool
) -> Judged:
    same = [member for member in members if member.platform == platform]
    if not same and len(members) > 1:
        offered = ", ".join(str(member.platform) for member in members)
        raise ImageError(f"{found.name} has no image for {platform}", f"it has: {offered}")
    member = (same or members)[0]
    return Judged(placed(member, platform, force=force, fix=fix), found, member.entry.digest)


def _refuse_doubles(images: Iterable[Judged]) -> None:
    by_platform: dict[Platform, Judged] = {}
    for image in images:
        other = by_platform.setdefault(image.member.platform, image)
        if other.member.entry.digest != image.member.entry.digest:
            raise ImageError(
                f"{other.found.name} and {image.found.name} are both for {image.member.platform}",
                "if one is for another CPU, its config is wrong: trimaran manifest set LIST"
                f" --platform P --fix-config {image.found.name}; --force lets the last one win",
            )


def _whole(session: Session, image: Judged) -> tuple[Member, list[Reference]]:
    """The member, with layers that the store lacks borrowed from where its list found them."""
    if image.found.kind != "store" or image.member.entry.digest != image.digest:
        return image.member, []
    place, repositories = lent(session, image.member.entry.descriptor)
    return msgspec.structs.replace(image.member, place=place), repositories

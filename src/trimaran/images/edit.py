"""Editing an index under its tag: one read, one write, and no edit of another is lost.

A registry cannot write on condition that nothing changed. So the tag is compared right before the
write, and looked at again a moment later: a writer that compared before this write and wrote after
it has then overwritten it, and the edit is done again on what that one left. Two such writers both
look, so at least the one that lost notices.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import msgspec

from trimaran.errors import NotFoundError
from trimaran.events import Emit, Notice, ignore
from trimaran.images.copy import copy
from trimaran.images.lists import ImageList
from trimaran.images.members import Member, descriptors
from trimaran.oci.models import Descriptor
from trimaran.oci.place import EditablePlace, Place, TagMovedError

Change = Callable[[ImageList], ImageList]
"""An edit. Done a second time it changes nothing, or raises NotFoundError if it took away."""

_LONGEST_PAUSE_S = 1.0


class Care(msgspec.Struct, frozen=True):
    """How carefully an edit meets others.

    Attributes:
        retries: how often it is done anew when another was faster.
        settle_s: the least time after which the written tag is looked at again, in seconds. It is
            at least twice the time that comparing and writing took; 0 does not look.
    """

    retries: int = 0
    settle_s: float = 0.25


def edit(
    place: EditablePlace,
    tag: str,
    change: Change,
    care: Care,
    *,
    emit: Emit = ignore,
    sleep: Callable[[float], None] = time.sleep,
) -> Descriptor:
    """Change the index under a tag.

    Args:
        place: where it is; the images that `change` adds are there already.
        tag: its tag, or full reference in the local store.
        change: what is to be done; called again for each try.
        care: how often and how carefully.
        emit: takes a notice for each further try.
        sleep: waits.

    Returns:
        What the tag stands for, which is what it was if nothing had to change.

    Raises:
        TagMovedError: others changed the tag, more often than `care` allows.
        ImageError: the change cannot be done.
        TrimaranError: what the place raises.
    """
    for left in range(care.retries, -1, -1):
        try:
            return _once(place, tag, change, care, sleep)
        except TagMovedError as error:
            if not left:
                raise
            emit(Notice("info", f"{error.message}; done again on what is there now"))
            sleep(random.uniform(0.0, _LONGEST_PAUSE_S))  # noqa: S311 - keeps two from marching in step
    raise AssertionError("unreachable")


def bring(
    member: Member,
    target: Place,
    *,
    emit: Emit = ignore,
    verb: str = "copy",
    approve: Callable[[], None] = lambda: None,
) -> None:
    """Let `target` hold an image's content; what it has is not sent. Arguments, errors: `copy`."""
    for descriptor in descriptors(member):
        copy(member.place, descriptor, target, emit=emit, verb=verb, approve=approve)


def _once(
    place: EditablePlace, tag: str, change: Change, care: Care, sleep: Callable[[float], None]
) -> Descriptor:
    found = place.resolve(tag)
    listed = ImageList.read(place, found)
    changed = change(listed)
    if changed == listed:
        return found
    new = changed.node()
    began = time.monotonic()
    written = place.replace_manifest(new.raw, new.descriptor.media_type, tag, found.digest)
    if care.settle_s:
        sleep(max(care.settle_s, 2 * (time.monotonic() - began)))
        _check_kept(place, tag, change, written)
    return written


def _check_kept(place: Place, tag: str, change: Change, written: Descriptor) -> None:
    found = place.resolve(tag)
    if found.digest == written.digest:
        return
    theirs = ImageList.read(place, found)
    try:
        kept = change(theirs) == theirs
    except NotFoundError:
        kept = True
    if not kept:
        raise TagMovedError(
            f"another writer replaced {tag} at the same moment, without this change",
            "run the command again, or let it do so: --retry 3",
        )

"""What refers to an image: signatures, SBOMs, and what refers to those; found and copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

import msgspec

from trimaran.events import Emit
from trimaran.images import tree
from trimaran.images.copy import copy
from trimaran.oci import referrers
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place


@runtime_checkable
class Referred(Place, Protocol):
    """A place that knows what refers to its images."""

    def referrers(self, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """What names `digest` as its subject, of one type or all; none is no error."""
        ...


@runtime_checkable
class Referable(Referred, Protocol):
    """One that can be given more of it."""

    def list_referrer(self, subject: str, referrer: Descriptor) -> None:
        """List a manifest that was written as one that refers to `subject`."""
        ...


class Referrer(msgspec.Struct, frozen=True):
    """One that was found.

    Attributes:
        subject: the digest that it refers to.
        descriptor: itself, with its type and annotations.
    """

    subject: str
    descriptor: Descriptor


def find(place: Referred, subjects: Iterable[str], artifact_type: str = "") -> Iterator[Referrer]:
    """What refers to images, each followed by what refers to that.

    Args:
        place: where they are.
        subjects: the digests of images and indexes.
        artifact_type: the only one that is followed; empty for all.

    Raises:
        TrimaranError: what the place raises.
    """
    seen: set[str] = set()
    for subject in dict.fromkeys(subjects):
        yield from _below(place, subject, artifact_type, seen)


def copy_referrers(
    source: Referred, subjects: Iterable[str], target: Referable, emit: Emit, verb: str = "copy"
) -> int:
    """Copy what refers to images, and what refers to that.

    Args:
        source: where the images are.
        subjects: the digests of the images and indexes, which `target` has.
        target: where the referrers go.
        emit: takes the transfers' events.
        verb: what the transfers are called in events.

    Returns:
        How many were copied.

    Raises:
        TrimaranError: what the places raise.
    """
    done: set[str] = set()
    for found in find(source, subjects):
        referrer = found.descriptor
        if referrer.digest not in done:
            done.add(referrer.digest)
            copy(source, _bare(referrer), target, emit=emit, verb=verb)
        raw = source.read_manifest(referrer)
        target.list_referrer(found.subject, referrers.described(referrer, raw))
    return len(done)


def lists(source: Referred, subjects: Iterable[str]) -> dict[str, tuple[Descriptor, ...]]:
    """What refers to images and to that, by subject, for a target that is written in one go.

    Raises:
        TrimaranError: what the place raises.
    """
    found: dict[str, tuple[Descriptor, ...]] = {}
    for each in find(source, subjects):
        raw = source.read_manifest(each.descriptor)
        described = referrers.described(each.descriptor, raw)
        found[each.subject] = (*found.get(each.subject, ()), described)
    return found


def subjects_of(place: Place, descriptor: Descriptor) -> list[str]:
    """The digests of an image and of every manifest below it, the image's own first.

    Raises:
        NotFoundError, ImageError: the place lacks one, or it is malformed.
    """
    image = tree.gather(place, tree.read_node(place, descriptor))
    return [node.descriptor.digest for node in reversed(image.manifests)]


def _below(place: Referred, subject: str, artifact_type: str, seen: set[str]) -> Iterator[Referrer]:
    if subject in seen:
        return
    seen.add(subject)
    for descriptor in place.referrers(subject, artifact_type):
        yield Referrer(subject, descriptor)
        yield from _below(place, descriptor.digest, artifact_type, seen)


def _bare(descriptor: Descriptor) -> Descriptor:
    return Descriptor(descriptor.media_type, descriptor.digest, descriptor.size)

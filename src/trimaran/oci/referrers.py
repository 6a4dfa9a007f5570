"""What refers to an image by its `subject`: signatures, SBOMs (image-spec, manifest.md).

Where nothing else lists them, an index does, under a tag that is made of the subject's digest
(distribution-spec, Referrers Tag Schema). Registries without the API, OCI layouts and the local
store all have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from trimaran import digests
from trimaran.oci.models import Descriptor, Index

_TAG = re.compile(r"[a-z0-9]{1,32}-[a-f0-9]{64}")


class _Config(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""


class _Subject(msgspec.Struct, frozen=True):
    digest: str = ""


class _Referrer(msgspec.Struct, frozen=True, rename="camel"):
    """What of a manifest or index concerns its being a referrer."""

    artifact_type: str = ""
    annotations: dict[str, str] | None = None
    config: _Config | None = None
    subject: _Subject | None = None


def tag(subject: str) -> str:
    """The tag of the list of a digest's referrers: a sha512 is cut. Raises ImageError."""
    algorithm, _, encoded = digests.check(subject).partition(":")
    return f"{algorithm[:32]}-{encoded[:64]}"


def is_tag(name: str) -> bool:
    """Whether a name is one of those that `tag` makes."""
    return _TAG.fullmatch(name) is not None


def subject_of(raw: bytes) -> str:
    """The digest that a manifest or index refers to; empty if to none, or if this is neither."""
    try:
        found = msgspec.json.decode(raw, type=_Referrer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return found.subject.digest if found.subject else ""


def described(descriptor: Descriptor, raw: bytes) -> Descriptor:
    """A referrer as lists have it: with its type and annotations, which people choose by.

    The type of an image without one is its config's (distribution-spec, Listing Referrers).
    """
    found = msgspec.json.decode(raw, type=_Referrer)
    artifact_type = found.artifact_type or (found.config.media_type if found.config else "")
    return Descriptor(
        descriptor.media_type,
        descriptor.digest,
        descriptor.size,
        annotations=found.annotations or {},
        artifact_type=artifact_type,
    )


def of_type(found: Iterable[Descriptor], artifact_type: str) -> tuple[Descriptor, ...]:
    """Those of a type; all if it is empty."""
    return tuple(each for each in found if artifact_type in ("", each.artifact_type))


def with_referrer(listed: Iterable[Descriptor], referrer: Descriptor) -> Index | None:
    """The list with one more; None if it has that one."""
    known = tuple(listed)
    if any(each.digest == referrer.digest for each in known):
        return None
    return Index.make((*known, referrer))

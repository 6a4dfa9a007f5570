"""Copying what refers to an image: signatures, SBOMs, and what refers to those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from trimaran.events import Emit
from trimaran.images import tree
from trimaran.images.copy import copy
from trimaran.oci.models import Descriptor, Manifest
from trimaran.oci.place import Place


class Referred(Place, Protocol):
    """A place that knows what refers to its images."""

    def referrers(self, digest: str) -> Sequence[Descriptor]: ...

    def list_referrer(self, subject: str, referrer: Descriptor) -> None: ...


class _Artifact(msgspec.Struct, frozen=True, rename="camel"):
    artifact_type: str = ""
    annotations: dict[str, str] = {}


def copy_referrers(
    source: Referred, subjects: Iterable[str], target: Referred, emit: Emit, verb: str = "copy"
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
    waiting = list(subjects)
    done: set[str] = set()
    while waiting:
        subject = waiting.pop()
        for found in source.referrers(subject):
            referrer = Descriptor(found.media_type, found.digest, found.size)
            if found.digest not in done:
                done.add(found.digest)
                waiting.append(found.digest)
                copy(source, referrer, target, emit=emit, verb=verb)
            target.list_referrer(subject, _described(source, referrer))
    return len(done)


def _described(source: Place, referrer: Descriptor) -> Descriptor:
    """With its type and annotations, which are what people choose by."""
    node = tree.read_node(source, referrer)
    artifact = msgspec.json.decode(node.raw, type=_Artifact)
    artifact_type = artifact.artifact_type
    manifest = tree.parse(referrer, node.raw)
    if not artifact_type and isinstance(manifest, Manifest):
        artifact_type = manifest.config.media_type
    return msgspec.structs.replace(
        referrer, artifact_type=artifact_type, annotations=artifact.annotations
    )

"""Choosing one platform's image from an index, or judging the only one that there is."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from trimaran import platforms
from trimaran.errors import ImageError
from trimaran.images import tree
from trimaran.oci import media_types
from trimaran.oci.models import (
    MANIFEST_LIMIT_BYTES,
    Descriptor,
    ImageConfig,
    Index,
    Manifest,
    platform_of,
)
from trimaran.oci.place import Place
from trimaran.platforms import Platform

_DEPTH_LIMIT = 8
_UNKNOWN = "unknown"
"""BuildKit lists attestations under the platform unknown/unknown, so that no one picks them."""


class Choice(msgspec.Struct, frozen=True):
    """One platform's image: its manifest's descriptor, the manifest and the config."""

    descriptor: Descriptor
    manifest: Manifest
    config: ImageConfig


class Offer(msgspec.Struct, frozen=True):
    """A manifest and the platform that it is for."""

    platform: Platform
    descriptor: Descriptor


def choose(place: Place, descriptor: Descriptor, platform: Platform, name: str = "") -> Choice:
    """The image that serves `platform` best (`platforms.best`).

    Args:
        place: where the image is.
        descriptor: an index, or a single manifest, whose config's platform must fit.
        platform: the one wanted.
        name: how the user calls the image, for messages.

    Raises:
        ImageError: nothing there fits; the hint lists what is offered.
        NotFoundError: the place lacks a manifest or config.
    """
    offer = best(offers(place, descriptor), platform, name or f"{place.name} {descriptor.digest}")
    return open_choice(place, offer.descriptor)


def open_choice(place: Place, descriptor: Descriptor) -> Choice:
    """A single manifest with its config. Raises ImageError, NotFoundError."""
    manifest = tree.read(place, descriptor)
    if isinstance(manifest, Index):
        raise ImageError(f"{descriptor.digest} is an index, not one image")
    return Choice(descriptor, manifest, ImageConfig.parse(read_config(place, manifest)))


def is_complete(place: Place, choice: Choice) -> bool:
    """Whether the place has every layer; the local store may have some platforms' only."""
    return all(place.has_blob(layer) for layer in choice.manifest.layers)


def offered(place: Place, descriptor: Descriptor) -> list[Platform]:
    """The platforms of an index, or of a single manifest, each once, in their order."""
    return list(dict.fromkeys(offer.platform for offer in offers(place, descriptor)))


def offers(place: Place, descriptor: Descriptor) -> list[Offer]:
    """The images below `descriptor`, indexes in indexes flattened, attestations left out.

    Raises:
        ImageError: something is malformed.
        NotFoundError: the place lacks a manifest or config.
    """
    return list(_offers(place, descriptor, _DEPTH_LIMIT))


def read_config(place: Place, manifest: Manifest) -> bytes:
    """The config's raw bytes. Raises NotFoundError, ImageError."""
    if manifest.config.size > MANIFEST_LIMIT_BYTES:
        raise ImageError(f"the config {manifest.config.digest} is too large")
    with place.open_blob(manifest.config) as chunks:
        return b"".join(chunks)


def best(found: list[Offer], platform: Platform, name: str) -> Offer:
    """The offer that serves `platform` best. Raises ImageError, with a list of what `name` has."""
    winner = platforms.best(platform, (offer.platform for offer in found))
    for offer in found:
        if offer.platform == winner:
            return offer
    listed = ", ".join(dict.fromkeys(str(offer.platform) for offer in found))
    raise ImageError(f"{name} has no image for {platform}", f"it has: {listed or 'none at all'}")


def _offers(place: Place, descriptor: Descriptor, depth: int) -> Iterator[Offer]:
    if depth == 0:
        raise ImageError(f"{descriptor.digest} is in indexes without end")
    if descriptor.media_type in media_types.INDEXES:
        for entry in Index.parse(place.read_manifest(descriptor)).manifests:
            yield from _entry(place, entry, depth)
        return
    yield from _judged(place, descriptor)


def _entry(place: Place, entry: Descriptor, depth: int) -> Iterator[Offer]:
    claimed = platform_of(entry)
    if entry.media_type in media_types.INDEXES:
        yield from _offers(place, entry, depth - 1)
    elif entry.media_type not in media_types.MANIFESTS or entry.artifact_type:
        return  # what is unknown in an index is passed over (image-index.md)
    elif claimed is None:
        yield from _judged(place, entry)
    elif _UNKNOWN not in (claimed.os, claimed.architecture):
        yield Offer(claimed, entry)


def _judged(place: Place, descriptor: Descriptor) -> Iterator[Offer]:
    manifest = tree.read(place, descriptor)
    if isinstance(manifest, Manifest) and manifest.config.media_type in media_types.CONFIGS:
        config = ImageConfig.parse(read_config(place, manifest))
        if not {"", _UNKNOWN} & {config.os, config.architecture}:
            yield Offer(config.platform, descriptor)

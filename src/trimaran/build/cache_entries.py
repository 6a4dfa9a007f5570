"""What a cache says of steps, as it travels between machines.

A cache is an image manifest whose config is a document of entries and whose layers are theirs, so
that registries keep them and any tool copies it. In an image (`type=inline`) the same document is
part of the config. Steps are called by the identity that they have on a machine without a past: no
`--no-cache` of another one is in it.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TypeVar

import msgspec

from trimaran import digests
from trimaran.build.results import LayerResult, Packing, StepResult
from trimaran.errors import ImageError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, ImageConfig, encode

MEDIA_TYPE = "application/vnd.trimaran.cache.v1+json"
"""Of the config; in a manifest without `artifactType` it is that too (manifest.md)."""
LIMIT_BYTES = 16 * 1024 * 1024
"""About 30,000 steps."""

_IDENTITY = re.compile(r"[0-9a-f]{64}")
_LAYERS = (media_types.LAYER, media_types.LAYER_GZIP, media_types.LAYER_ZSTD)


_Document = TypeVar("_Document", bound=msgspec.Struct)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step: its layer, how that was packed, when it ran and, if known, in which mode."""

    step: str
    layer: LayerResult
    packing: Packing
    created: str
    mode: str = ""

    @property
    def result(self) -> StepResult:
        """The step's result, as of one that took no time here."""
        return StepResult(self.created, 0.0, self.mode)

    @property
    def is_sound(self) -> bool:
        """Whether all of it is of its form; what it says is proven when the layer is fetched."""
        layer = self.layer.descriptor
        return (
            _IDENTITY.fullmatch(self.step) is not None
            and layer.media_type in _LAYERS
            and layer.size >= 0
            and digests.is_digest(layer.digest)
            and digests.is_digest(self.layer.diff_id)
            and _is_time(self.created)
        )


class Entries(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document."""

    steps: tuple[Entry, ...]

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """Each layer once."""
        found = {entry.layer.descriptor.digest: entry.layer.descriptor for entry in self.steps}
        return tuple(found.values())

    def encoded(self) -> bytes:
        return encode(self)


class CachingConfig(ImageConfig, frozen=True, omit_defaults=True):
    """An image's configuration with the entries of its own steps."""

    cache: Entries | None = msgspec.field(default=None, name="trimaran.cache.v1")


def parse(raw: bytes) -> Entries:
    """Decode a document.

    Raises:
        ImageError: it is malformed.
    """
    return _checked(_decode(raw, Entries))


def parse_inline(raw: bytes) -> Entries:
    """The entries in an image's config; none if it has none.

    Raises:
        ImageError: they are malformed.
    """
    found = _decode(raw, CachingConfig).cache
    return _checked(found) if found else Entries(())


def with_entries(config: ImageConfig, entries: Entries) -> CachingConfig:
    """An image's configuration that tells of its steps."""
    fields = {name: getattr(config, name) for name in config.__struct_fields__}
    return CachingConfig(**fields, cache=entries)


def _decode(raw: bytes, kind: type[_Document]) -> _Document:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(f"its document is malformed: {error}") from error


def _checked(entries: Entries) -> Entries:
    if wrong := next((entry for entry in entries.steps if not entry.is_sound), None):
        raise ImageError(f"its document says of the step {wrong.step[:64]!r} what cannot be")
    return entries


def _is_time(text: str) -> bool:
    """As RFC 3339 writes it, in UTC."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return text.endswith("Z") and "T" in text

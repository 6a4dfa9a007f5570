"""Descriptors, manifests, indexes and configs, frozen, as the OCI image-spec defines them.

The raw bytes are the truth: `Manifest.parse(raw)` keeps them, and what is copied or pushed is those
bytes, so that fields unknown here survive. What is made here is encoded once, by `encode`.
"""

from __future__ import annotations

from typing import Self, TypeVar

import msgspec

from trimaran import digests
from trimaran.errors import ImageError
from trimaran.oci import media_types
from trimaran.platforms import Platform

MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024
"""Registries refuse larger manifests (distribution-spec, Pushing Manifests)."""


class PlatformField(msgspec.Struct, frozen=True, omit_defaults=True):
    """The `platform` object of a descriptor (image-index.md)."""

    architecture: str
    os: str
    variant: str = ""
    os_version: str = msgspec.field(default="", name="os.version")
    os_features: tuple[str, ...] = msgspec.field(default=(), name="os.features")


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A reference to content by media type, digest and size in bytes (descriptor.md)."""

    media_type: str
    digest: str
    size: int
    platform: PlatformField | None = None
    annotations: dict[str, str] = {}
    artifact_type: str = ""
    urls: tuple[str, ...] = ()


class RootFS(msgspec.Struct, frozen=True):
    """The diff IDs of an image's layers, base first (config.md)."""

    type: str = "layers"
    diff_ids: tuple[str, ...] = ()


class History(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an image's history; `empty_layer` if it made no layer (config.md)."""

    created: str = ""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class Healthcheck(msgspec.Struct, frozen=True, omit_defaults=True):
    """Docker's Healthcheck object; times are nanoseconds."""

    test: tuple[str, ...] = msgspec.field(default=(), name="Test")
    interval: int = msgspec.field(default=0, name="Interval")
    timeout: int = msgspec.field(default=0, name="Timeout")
    start_period: int = msgspec.field(default=0, name="StartPeriod")
    start_interval: int = msgspec.field(default=0, name="StartInterval")
    retries: int = msgspec.field(default=0, name="Retries")


class RunConfig(msgspec.Struct, frozen=True, omit_defaults=True, rename="pascal"):
    """The `config` object: how a container of the image runs (config.md, and Docker's fields).

    None and an empty list differ: an empty Cmd or Entrypoint was reset by an instruction.
    """

    user: str = ""
    exposed_ports: dict[str, dict[str, str]] | None = None
    env: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    healthcheck: Healthcheck | None = None
    args_escaped: bool = False
    volumes: dict[str, dict[str, str]] | None = None
    working_dir: str = ""
    labels: dict[str, str] | None = None
    stop_signal: str = ""
    on_build: tuple[str, ...] | None = None
    shell: tuple[str, ...] | None = None


class ImageConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image's configuration (config.md)."""

    architecture: str
    os: str
    variant: str = ""
    os_version: str = msgspec.field(default="", name="os.version")
    os_features: tuple[str, ...] = msgspec.field(default=(), name="os.features")
    created: str = ""
    author: str = ""
    config: RunConfig = RunConfig()
    # Always written, even if empty: the image-spec requires it (config.md).
    rootfs: RootFS = msgspec.field(default_factory=RootFS)
    history: tuple[History, ...] = ()

    @property
    def platform(self) -> Platform:
        """The platform that the config claims, normalised."""
        return Platform(
            self.os, self.architecture, self.variant, self.os_version, self.os_features
        ).normalised()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Decode a config blob.

        Raises:
            ImageError: it is not a config.
        """
        return _decode(raw, cls, "image config")


class _ManifestFields(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    schema_version: int
    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = ""
    artifact_type: str = ""
    annotations: dict[str, str] = {}
    subject: Descriptor | None = None


class _IndexFields(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    schema_version: int
    manifests: tuple[Descriptor, ...]
    media_type: str = ""
    artifact_type: str = ""
    annotations: dict[str, str] = {}
    subject: Descriptor | None = None


class Manifest(msgspec.Struct, frozen=True):
    """One image's manifest and the bytes it was read from (manifest.md)."""

    raw: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str] = {}

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Decode an OCI or Docker schema 2 manifest.

        Raises:
            ImageError: it is not a manifest.
        """
        fields = _decode(raw, _ManifestFields, "manifest")
        media_type = fields.media_type or media_types.MANIFEST
        return cls(raw, media_type, fields.config, fields.layers, fields.annotations)

    @classmethod
    def make(
        cls,
        config: Descriptor,
        layers: tuple[Descriptor, ...],
        *,
        media_type: str = media_types.MANIFEST,
        annotations: dict[str, str] | None = None,
    ) -> Self:
        """A new manifest of `config` and `layers`, base first."""
        fields = _ManifestFields(2, config, layers, media_type, annotations=annotations or {})
        return cls(encode(fields), media_type, config, layers, annotations or {})

    @property
    def descriptor(self) -> Descriptor:
        """The manifest's own descriptor, without a platform."""
        return Descriptor(self.media_type, digests.of(self.raw), len(self.raw))


class Index(msgspec.Struct, frozen=True):
    """An image index (or Docker manifest list) and the bytes it was read from (image-index.md)."""

    raw: bytes
    media_type: str
    manifests: tuple[Descriptor, ...]
    annotations: dict[str, str] = {}

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Decode an index or manifest list.

        Raises:
            ImageError: it is none.
        """
        fields = _decode(raw, _IndexFields, "image index")
        media_type = fields.media_type or media_types.INDEX
        return cls(raw, media_type, fields.manifests, fields.annotations)

    @classmethod
    def make(
        cls,
        manifests: tuple[Descriptor, ...],
        *,
        media_type: str = media_types.INDEX,
        annotations: dict[str, str] | None = None,
    ) -> Self:
        """A new index that lists `manifests` in this order."""
        fields = _IndexFields(2, manifests, media_type, annotations=annotations or {})
        return cls(encode(fields), media_type, manifests, annotations or {})

    @property
    def descriptor(self) -> Descriptor:
        """The index's own descriptor."""
        return Descriptor(self.media_type, digests.of(self.raw), len(self.raw))


def platform_of(descriptor: Descriptor) -> Platform | None:
    """The platform that an index entry names, normalised; None if it names none."""
    field = descriptor.platform
    if field is None:
        return None
    return Platform(
        field.os, field.architecture, field.variant, field.os_version, field.os_features
    ).normalised()


def platform_field(platform: Platform) -> PlatformField:
    """`platform` as a descriptor carries it."""
    return PlatformField(
        platform.architecture,
        platform.os,
        platform.variant,
        platform.os_version,
        platform.os_features,
    )


def encode(value: msgspec.Struct) -> bytes:
    """Canonical JSON of a model: fields in their declared order, maps sorted, no white space."""
    return msgspec.json.encode(value, order="deterministic")


_T = TypeVar("_T", bound=msgspec.Struct)


def _decode(raw: bytes, kind: type[_T], noun: str) -> _T:
    if len(raw) > MANIFEST_LIMIT_BYTES:
        raise ImageError(f"{noun} of {len(raw)} bytes is over the limit of {MANIFEST_LIMIT_BYTES}")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(f"not a valid {noun}: {error}") from error

"""The images that go into a list: where they are, their attestations, and whether they lie.

An image says its platform in its config, and an index says it again. Where the two disagree, one of
them is wrong, and whoever pulls by the index gets programs of another CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from trimaran import digests, platforms
from trimaran.errors import ImageError
from trimaran.images import pick, tree
from trimaran.images.narrow import SUBJECT, flat
from trimaran.images.supplement import Supplemented
from trimaran.oci import media_types
from trimaran.oci.models import (
    Descriptor,
    ImageConfig,
    Index,
    encode,
    platform_field,
    platform_of,
)
from trimaran.oci.place import Place
from trimaran.platforms import Platform

_UNKNOWN = "unknown"


class Entry(msgspec.Struct, frozen=True):
    """One descriptor of an index, as its JSON is."""

    fields: dict[str, Any]

    @property
    def descriptor(self) -> Descriptor:
        return msgspec.convert(self.fields, Descriptor)

    @property
    def digest(self) -> str:
        digest: str = self.fields["digest"]
        return digest

    @property
    def key(self) -> tuple[str, Platform | None]:
        """What tells entries apart: one image may serve several platforms."""
        return self.digest, self.platform

    @property
    def subject(self) -> str:
        """The digest of the image that this attestation is about; empty for images."""
        found: str = (self.fields.get("annotations") or {}).get(SUBJECT, "")
        return found

    @property
    def platform(self) -> Platform | None:
        """The image's platform; None if this is an attestation, an artifact or unknown."""
        descriptor = self.descriptor
        claimed = platform_of(descriptor)
        if claimed is None or descriptor.artifact_type or self.subject:
            return None
        return None if _UNKNOWN in (claimed.os, claimed.architecture) else claimed


class Member(msgspec.Struct, frozen=True):
    """An image that a list is to hold.

    Attributes:
        place: where its content is.
        entry: with its platform.
        companions: the attestations about it.
        name: what the user called it.
    """

    place: Place
    entry: Entry
    companions: tuple[Entry, ...]
    name: str

    @property
    def platform(self) -> Platform:
        """The platform that the entry names."""
        platform = self.entry.platform
        assert platform is not None  # noqa: S101 - members are images
        return platform


def entries_of(place: Place, descriptor: Descriptor) -> tuple[Entry, ...]:
    """The entries of an index, those of indexes in it included, or a single image as one.

    Entries that name no platform get that of their config.

    Raises:
        ImageError, NotFoundError: something is malformed or lacking.
    """
    if descriptor.media_type in media_types.INDEXES:
        found = [Entry(each) for each in flat(place, tree.read_node(place, descriptor))]
    else:
        bare = Descriptor(descriptor.media_type, descriptor.digest, descriptor.size)
        found = [Entry(msgspec.to_builtins(bare))]
    return tuple(_judged(place, entry) for entry in found)


def members_of(place: Place, descriptor: Descriptor, name: str) -> tuple[Member, ...]:
    """Every platform's image below `descriptor`, with its attestations.

    Raises:
        ImageError: there is no image in it, or it is malformed.
        NotFoundError: the place lacks a manifest or config.
    """
    entries = entries_of(place, descriptor)
    members = tuple(
        Member(place, entry, tuple(e for e in entries if e.subject == entry.digest), name)
        for entry in entries
        if entry.platform is not None
    )
    if not members:
        raise ImageError(f"{name} holds no image of any platform")
    return members


def disagreement(place: Place, descriptor: Descriptor, platform: Platform) -> str:
    """What the image's config says instead of `platform`; empty if the two agree.

    A config without a variant says nothing about it.

    Raises:
        ImageError, NotFoundError: the manifest or config is malformed or lacking.
    """
    manifest = tree.read(place, descriptor)
    if isinstance(manifest, Index) or manifest.config.media_type not in media_types.CONFIGS:
        raise ImageError(f"{descriptor.digest} is no image")
    config = ImageConfig.parse(pick.read_config(place, manifest))
    said = config.platform
    if (said.os, said.architecture) != (platform.os, platform.architecture):
        return str(said)
    return str(said) if config.variant and not platforms.same(said, platform) else ""


def check(member: Member, platform: Platform) -> None:
    """Refuse an image that says of itself that it is for another platform.

    Raises:
        ImageError: it does; the hint names the ways out.
    """
    said = disagreement(member.place, member.entry.descriptor, platform)
    if said:
        raise ImageError(
            f"{member.name} is to be {platform}, but its config says {said}",
            f"build it for {platform}; if only the config is wrong: --fix-config writes a new one;"
            " --force lists it as it is",
        )


def fix_config(member: Member, platform: Platform) -> Member:
    """The same layers under a config that says `platform`; attestations were about the old one.

    Raises:
        ImageError, NotFoundError: the manifest or config is malformed or lacking.
    """
    place, descriptor = member.place, member.entry.descriptor
    manifest = tree.read(place, descriptor)
    if isinstance(manifest, Index):
        raise ImageError(f"{descriptor.digest} is an index, not one image")
    config: dict[str, Any] = msgspec.json.decode(pick.read_config(place, manifest))
    config |= {"architecture": platform.architecture, "os": platform.os}
    config.pop("variant", None)
    if platform.variant:
        config["variant"] = platform.variant
    new_config = msgspec.json.encode(config)
    fields: dict[str, Any] = msgspec.json.decode(manifest.raw)
    fields["config"] |= {"digest": digests.of(new_config), "size": len(new_config)}
    raw = msgspec.json.encode(fields)
    entry = {**member.entry.fields, "digest": digests.of(raw), "size": len(raw)}
    entry["platform"] = msgspec.to_builtins(platform_field(platform))
    extra = {digests.of(new_config): new_config, digests.of(raw): raw}
    return Member(Supplemented(place, extra), Entry(entry), (), member.name)


def under(member: Member, platform: Platform) -> Member:
    """The member with `platform` in its entry."""
    entry = {**member.entry.fields, "platform": msgspec.to_builtins(platform_field(platform))}
    return msgspec.structs.replace(member, entry=Entry(entry))


def placed(member: Member, platform: Platform, *, force: bool, fix: bool) -> Member:
    """The member as the image of `platform`.

    Raises:
        ImageError: its config disagrees, and neither `force` nor `fix` is wanted.
    """
    if fix and disagreement(member.place, member.entry.descriptor, platform):
        return fix_config(member, platform)
    if not force:
        check(member, platform)
    return under(member, platform)


def descriptors(member: Member) -> Iterator[Descriptor]:
    """The image's manifest and those of its attestations."""
    yield member.entry.descriptor
    for companion in member.companions:
        yield companion.descriptor


def _judged(place: Place, entry: Entry) -> Entry:
    descriptor = entry.descriptor
    skip = descriptor.platform is not None or entry.subject or descriptor.artifact_type
    if skip or descriptor.media_type not in media_types.MANIFESTS:
        return entry
    offered = pick.offered(place, descriptor)
    if not offered:
        return entry
    field = msgspec.json.decode(encode(platform_field(offered[0])))
    return Entry({**entry.fields, "platform": field})

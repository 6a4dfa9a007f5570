"""Image indexes as lists of platforms that are edited (image-index.md).

One entry for each platform: an equal one gives way to a new one. Attestations, which BuildKit lists
under unknown/unknown with the digest of the image that they are about, go and come with that image.
An edit works on the index's JSON, so that fields unknown here survive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError
from trimaran.images import tree
from trimaran.images.members import Entry, Member, entries_of
from trimaran.images.tree import Node
from trimaran.oci import media_types
from trimaran.oci.annotations import MISSING
from trimaran.oci.models import Descriptor, platform_field
from trimaran.oci.place import Place
from trimaran.platforms import Platform

_MANIFESTS = "manifests"
_MEDIA_TYPE = "mediaType"
_ANNOTATIONS = "annotations"


class ImageList(msgspec.Struct, frozen=True):
    """An index that is being edited.

    Attributes:
        fields: the JSON of the index in its order, with nothing where the entries are.
        entries: flat, images and their attestations.
    """

    fields: Mapping[str, Any]
    entries: tuple[Entry, ...]

    @classmethod
    def empty(cls) -> ImageList:
        """A new list; its fields stand in the order of `Index.make`."""
        return cls({"schemaVersion": 2, _MANIFESTS: None, _MEDIA_TYPE: media_types.INDEX}, ())

    @classmethod
    def read(cls, place: Place, descriptor: Descriptor) -> ImageList:
        """The list at `descriptor`, flat; a single image is a list of one.

        Raises:
            ImageError, NotFoundError: something is malformed or lacking.
        """
        entries = entries_of(place, descriptor)
        if descriptor.media_type not in media_types.INDEXES:
            return cls(cls.empty().fields, entries)
        fields: dict[str, Any] = msgspec.json.decode(tree.read_node(place, descriptor).raw)
        fields[_MANIFESTS] = None
        return cls(fields, entries)

    @property
    def images(self) -> tuple[Entry, ...]:
        """The entries that are images, without attestations and unknown things."""
        return tuple(entry for entry in self.entries if entry.platform is not None)

    @property
    def platforms(self) -> tuple[Platform, ...]:
        return tuple(entry.platform for entry in self.entries if entry.platform is not None)

    def with_members(self, members: Iterable[Member]) -> ImageList:
        """The list with these images, each in the place of the one of its platform, or last."""
        listed = self
        for member in members:
            listed = _not_missing(listed._with_member(member), member.platform)
        return listed

    def without(self, platform: Platform, name: str) -> ImageList:
        """The list without a platform.

        Raises:
            NotFoundError: it is not listed; the hint says what is.
        """
        if platform not in self.platforms:
            raise NotFoundError(f"{name} has no image for {platform}", self._offer)
        return msgspec.structs.replace(self, entries=self._dropped(platform))

    def find(self, wanted: Iterable[str], name: str) -> Entry:
        """The first image whose digest is among `wanted`, in their order.

        Raises:
            NotFoundError: none is listed; the hint says what is.
        """
        by_digest = {entry.digest: entry for entry in self.images}
        for digest in wanted:
            if digest in by_digest:
                return by_digest[digest]
        raise NotFoundError(f"{name} is not in the list", self._offer)

    def with_changed(self, old: Entry, new: Entry) -> ImageList:
        """The list with `new` where `old` was.

        Raises:
            ImageError: another image has that platform.
        """
        for entry in self.images:
            if entry.platform == new.platform != old.platform:
                raise ImageError(
                    f"the list has another image for {new.platform}: {entry.digest}",
                    f"remove that one first, or replace it: manifest set --platform {new.platform}",
                )
        entries = tuple(new if entry == old else entry for entry in self.entries)
        if old.digest != new.digest:
            entries = tuple(entry for entry in entries if entry.subject != old.digest)
        return msgspec.structs.replace(self, entries=entries)

    def with_annotations(self, annotations: Mapping[str, str]) -> ImageList:
        """The list with these annotations of its own; an empty value removes one."""
        if not annotations:
            return self
        fields = dict(self.fields)
        fields[_ANNOTATIONS] = merged(fields.get(_ANNOTATIONS) or {}, annotations)
        return msgspec.structs.replace(self, fields=fields)

    def node(self) -> Node:
        """The index, encoded. A Docker list stays one while it holds nothing that is OCI's."""
        media_type = self._media_type()
        fields = {**self.fields, _MEDIA_TYPE: media_type}
        if not fields.get(_ANNOTATIONS):
            fields.pop(_ANNOTATIONS, None)
        fields[_MANIFESTS] = [entry.fields for entry in self.entries]
        raw = msgspec.json.encode(fields)
        return Node(Descriptor(media_type, digests.of(raw), len(raw)), raw)

    def _media_type(self) -> str:
        given: str = self.fields.get(_MEDIA_TYPE) or media_types.INDEX
        docker = all(
            entry.descriptor.media_type == media_types.DOCKER_MANIFEST
            and not entry.descriptor.annotations
            for entry in self.entries
        )
        return given if docker and not self.fields.get(_ANNOTATIONS) else media_types.INDEX

    def _with_member(self, member: Member) -> ImageList:
        if self._holds(member):
            return self
        kept = self._dropped(member.platform)
        before = 0
        for entry in self.entries:
            if entry.platform == member.platform:
                break
            before += entry in kept
        known = {entry.digest for entry in kept if entry.platform is None}
        companions = (each for each in member.companions if each.digest not in known)
        entries = (*kept[:before], member.entry, *companions, *kept[before:])
        return msgspec.structs.replace(self, entries=entries)

    def _holds(self, member: Member) -> bool:
        return {member.entry.key, *(each.key for each in member.companions)} <= {
            each.key for each in self.entries
        } and member.entry in self.entries

    def _dropped(self, platform: Platform) -> tuple[Entry, ...]:
        """The entries without those of a platform, and without attestations about them alone."""
        left = [entry for entry in self.entries if entry.platform != platform]
        listed = {entry.digest for entry in left if entry.platform is not None}
        lost = {entry.digest for entry in self.images} - listed
        return tuple(entry for entry in left if entry.subject not in lost)

    @property
    def _offer(self) -> str:
        listed = ", ".join(f"{entry.platform} ({entry.digest})" for entry in self.images)
        return f"it has: {listed or 'nothing'}"


def _not_missing(listed: ImageList, platform: Platform) -> ImageList:
    """The list without the word that it lacks a platform, as a build may have said."""
    missing = (listed.fields.get(_ANNOTATIONS) or {}).get(MISSING, "").split(",")
    if str(platform) not in missing:
        return listed
    left = (each for each in missing if each != str(platform))
    return listed.with_annotations({MISSING: ",".join(left)})


def annotated(entry: Entry, platform: Platform, annotations: Mapping[str, str]) -> Entry:
    """An entry under another platform and with annotations more; an empty value removes one."""
    fields = dict(entry.fields)
    fields["platform"] = msgspec.to_builtins(platform_field(platform))
    if annotations:
        fields[_ANNOTATIONS] = merged(fields.get(_ANNOTATIONS) or {}, annotations)
        if not fields[_ANNOTATIONS]:
            del fields[_ANNOTATIONS]
    return Entry(fields)


def merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """`old` with `new`; what is empty in `new` is left out."""
    both = {**old, **new}
    return {key: both[key] for key in sorted(both) if both[key] or key not in new}

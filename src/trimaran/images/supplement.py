"""A place with some content more, which exists in memory alone until it is copied elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from trimaran import digests
from trimaran.images.read_only import ReadOnly
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place


class Over(ReadOnly):
    """Reads `place`; what differs from it is a subclass's business."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def name(self) -> str:
        return self._place.name

    def resolve(self, tag_or_digest: str) -> Descriptor:
        """What the place has under it. Raises NotFoundError."""
        return self._place.resolve(tag_or_digest)

    def read_manifest(self, descriptor: Descriptor) -> bytes:
        """A manifest's bytes. Raises NotFoundError, ImageError."""
        return self._place.read_manifest(descriptor)


class Supplemented(Over):
    """Reads `place`, and what `extra` holds by digest: new manifests, changed configs."""

    def __init__(self, place: Place, extra: Mapping[str, bytes]) -> None:
        super().__init__(place)
        self._extra = extra

    def read_manifest(self, descriptor: Descriptor) -> bytes:
        """A manifest's bytes. Raises NotFoundError, ImageError."""
        if descriptor.digest in self._extra:
            return self._extra[descriptor.digest]
        return self._place.read_manifest(descriptor)

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """A blob's bytes in chunks. Raises NotFoundError, ImageError at a wrong byte."""
        if descriptor.digest in self._extra:
            chunks = (self._extra[descriptor.digest],)
            yield digests.verified(chunks, descriptor.digest, descriptor.size)
            return
        with self._place.open_blob(descriptor) as found:
            yield found

    def has_blob(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self._extra or self._place.has_blob(descriptor)


class Borrowing(Over):
    """Reads `place`; a blob that it lacks is read from the one that `lenders` names for it."""

    def __init__(self, place: Place, lenders: Mapping[str, Place]) -> None:
        super().__init__(place)
        self._lenders = lenders

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """A blob's bytes in chunks. Raises NotFoundError, ImageError at a wrong byte."""
        lender = self._lenders.get(descriptor.digest, self._place)
        with lender.open_blob(descriptor) as chunks:
            yield chunks

    def has_blob(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self._lenders or self._place.has_blob(descriptor)

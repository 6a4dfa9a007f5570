"""The images of the local store, as a Place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from trimaran import digests, references
from trimaran.errors import ImageError, NotFoundError
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor
from trimaran.oci.place import OpenBlob, OpenFrom, TagMovedError
from trimaran.oci.referrers import of_type, with_referrer
from trimaran.store.partial_file import complete
from trimaran.store.store import Store

_CHUNK_BYTES = 1024 * 1024


class StoreImages:
    """Names are full references (`str(Reference)`). Hold the store's lease (`use`) meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def name(self) -> str:
        return "the local store"

    def resolve(self, tag_or_digest: str) -> Descriptor:
        """The image under a full reference, or a digest. Raises NotFoundError, StoreError."""
        if digests.is_digest(tag_or_digest):
            return self._by_digest(tag_or_digest)
        reference = references.parse(tag_or_digest)
        found = self._store.resolve(reference)
        if found is None and reference.digest:
            return self._by_digest(reference.digest)
        if found is None:
            raise NotFoundError(f"the local store has no image {reference.familiar}")
        return found

    def read_manifest(self, descriptor: Descriptor) -> bytes:
        """A manifest's, index's raw bytes, checked. Raises NotFoundError, StoreError."""
        return self._store.read_blob(descriptor.digest)

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """A blob's bytes in chunks. Raises NotFoundError, ImageError at a wrong byte."""
        with self._store.open_blob(descriptor.digest) as file:
            chunks = iter(lambda: file.read(_CHUNK_BYTES), b"")
            yield digests.verified(chunks, descriptor.digest, descriptor.size)

    @contextmanager
    def open_blob_from(
        self, descriptor: Descriptor, offset_bytes: int
    ) -> Iterator[Iterator[bytes]]:
        """A blob's bytes from an offset on, not checked. Raises NotFoundError."""
        with self._store.open_blob(descriptor.digest) as file:
            file.seek(offset_bytes)
            yield iter(lambda: file.read(_CHUNK_BYTES), b"")

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._store.has_blob(descriptor.digest)

    def write_blob(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Store a blob. Raises ImageError if its bytes are others, StoreError."""
        algorithm = digests.check(descriptor.digest).partition(":")[0]
        with open_blob() as chunks, self._store.blob_writer(algorithm) as writer:
            for chunk in chunks:
                writer.write(chunk)
            writer.commit(descriptor.digest, descriptor.size)

    def write_blob_from(self, descriptor: Descriptor, open_from: OpenFrom) -> None:
        """Store a blob, going on where an earlier command was cut off.

        Raises:
            ImageError: its bytes are others, also when it is read from its start.
            StoreError: it cannot be written.
        """
        with self._store.partial_blob(descriptor.digest) as partial:
            if partial is not None:
                complete(partial, descriptor, open_from)

    def write_manifest(self, raw: bytes, media_type: str, tag: str = "") -> Descriptor:
        """Store a manifest or index, and let the full reference `tag` stand for it."""
        reference = references.parse(tag) if tag else None
        descriptor = Descriptor(media_type, self._store.put_blob(raw), len(raw))
        if reference is not None:
            self._store.tag(reference, descriptor)
        return descriptor

    def replace_manifest(
        self, raw: bytes, media_type: str, tag: str, expected_digest: str
    ) -> Descriptor:
        """Let the full reference `tag` stand for `raw` if it still stands for `expected_digest`.

        Raises:
            TagMovedError: it does not; nothing was changed.
            StoreError: it cannot be written.
        """
        with self._store.lock(f"tag {tag}"):
            found = self.resolve(tag)
            if found.digest != expected_digest:
                raise TagMovedError(
                    f"{references.parse(tag).familiar} was changed by another command meanwhile",
                    "run the command again, or let it do so: --retry 3",
                )
            return self.write_manifest(raw, media_type, tag)

    def referrers(self, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """What was listed as naming `digest` as its subject, and is there, of one type or all.

        Raises:
            ImageError: the list is damaged.
        """
        return of_type(filter(self.has_blob, self._store.referrers(digest)), artifact_type)

    def list_referrer(self, subject: str, referrer: Descriptor) -> None:
        """List a manifest that was written as one that refers to `subject`. Raises StoreError."""
        with self._store.lock(f"referrers {subject}"):
            index = with_referrer(self._store.referrers(subject), referrer)
            if index is not None:
                self._store.put_referrers(subject, index)

    def _by_digest(self, digest: str) -> Descriptor:
        raw = self._store.read_blob(digest, MANIFEST_LIMIT_BYTES)
        return Descriptor(_media_type(raw, digest), digest, len(raw))


class _Kind(msgspec.Struct, frozen=True, rename="camel"):
    """What tells manifests and indexes apart where `mediaType` is absent, as it may be."""

    media_type: str = ""
    manifests: tuple[Any, ...] | None = None
    layers: tuple[Any, ...] | None = None


def _media_type(raw: bytes, digest: str) -> str:
    try:
        kind = msgspec.json.decode(raw, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(f"{digest} is no image") from error
    if kind.media_type:
        return kind.media_type
    if kind.manifests is not None:
        return media_types.INDEX
    if kind.layers is not None:
        return media_types.MANIFEST
    raise ImageError(f"{digest} is no image")

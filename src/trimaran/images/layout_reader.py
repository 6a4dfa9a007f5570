"""Reading an OCI image layout (image-layout.md), be its files in a folder or in a tar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import msgspec

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError
from trimaran.images import entries, tree
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor, Index
from trimaran.oci.referrers import described, of_type, subject_of

LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
LAYOUT_VERSION = "1.0.0"
_DEPTH_LIMIT = 8


class Files(Protocol):
    """Regular files by their names, with slashes, relative to the layout."""

    def size(self, name: str) -> int | None:
        """In bytes; None if there is no such file."""
        ...

    def open(self, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """The file's bytes in chunks; it is there."""
        ...


class _Version(msgspec.Struct, frozen=True, rename={"version": "imageLayoutVersion"}):
    version: str


def blob_name(digest: str) -> str:
    """Where a layout keeps a blob. Raises ImageError if `digest` is none."""
    return "blobs/" + digests.check(digest).replace(":", "/")


class LayoutReader:
    """The reading half of a Place."""

    def __init__(self, name: str, files: Files) -> None:
        self._name = name
        self._files = files
        self._scanned: tuple[bytes, dict[str, dict[str, Descriptor]]] | None = None

    @property
    def name(self) -> str:
        return self._name

    def index(self) -> Index:
        """index.json, after a look at the layout's version. Raises NotFoundError, ImageError."""
        try:
            version = msgspec.json.decode(self._read(LAYOUT_FILE), type=_Version).version
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ImageError(f"{self._name}: {LAYOUT_FILE} is malformed: {error}") from error
        if version.partition(".")[0] != LAYOUT_VERSION.partition(".")[0]:
            raise ImageError(f"{self._name} is an OCI layout of the unknown version {version}")
        return Index.parse(self._read(INDEX_FILE))

    def names(self) -> list[str]:
        """What the images in it are called."""
        return entries.names(self.index().manifests)

    def resolve(self, tag_or_digest: str) -> Descriptor:
        """The image under a tag, a full reference or a digest; "" if there is but one.

        Raises:
            NotFoundError: there is none; the hint lists the names.
            ImageError: the layout is malformed, or several images are called so.
        """
        if not digests.is_digest(tag_or_digest):
            return entries.find(self.index().manifests, tag_or_digest, self._name)
        found = self._search(self.index(), tag_or_digest, _DEPTH_LIMIT)
        if found is None:
            raise NotFoundError(f"{self._name} has no image {tag_or_digest}")
        return msgspec.structs.replace(found, annotations={})

    def read_manifest(self, descriptor: Descriptor) -> bytes:
        """A manifest's, index's raw bytes, checked. Raises NotFoundError, ImageError."""
        if descriptor.size > MANIFEST_LIMIT_BYTES:
            raise ImageError(f"the manifest {descriptor.digest} is too large")
        with self.open_blob(descriptor) as chunks:
            return b"".join(chunks)

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """A blob's bytes in chunks. Raises NotFoundError, ImageError at a wrong byte."""
        name = blob_name(descriptor.digest)
        if self._files.size(name) is None:
            raise NotFoundError(f"{self._name} has no blob {descriptor.digest}")
        with self._files.open(name) as chunks:
            yield digests.verified(chunks, descriptor.digest, descriptor.size)

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._files.size(blob_name(descriptor.digest)) == descriptor.size

    def referrers(self, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """What names `digest` as its subject, among all that index.json leads to.

        That finds those of a list by the tag schema, entries without a name, and attestations in an
        image's own index.

        Raises:
            NotFoundError, ImageError: this is no layout, or it is malformed.
        """
        return of_type(self._referring().get(digest, {}).values(), artifact_type)

    def _referring(self) -> dict[str, dict[str, Descriptor]]:
        """By subject, then by their own digest."""
        index = self.index()
        if self._scanned is None or self._scanned[0] != index.raw:
            found: dict[str, dict[str, Descriptor]] = {}
            self._scan(index, found, set(), _DEPTH_LIMIT)
            self._scanned = index.raw, found
        return self._scanned[1]

    def _scan(
        self, index: Index, found: dict[str, dict[str, Descriptor]], seen: set[str], depth: int
    ) -> None:
        for entry in index.manifests if depth else ():
            if entry.digest in seen or not self.has_blob(entry):
                continue
            seen.add(entry.digest)
            raw = self.read_manifest(entry)
            if subject := subject_of(raw):
                found.setdefault(subject, {})[entry.digest] = described(entry, raw)
            if entry.media_type in media_types.INDEXES:
                self._scan(Index.parse(raw), found, seen, depth - 1)

    def _read(self, name: str) -> bytes:
        size = self._files.size(name)
        if size is None:
            raise NotFoundError(f"{self._name} is no OCI layout: it has no {name}")
        if size > MANIFEST_LIMIT_BYTES:
            raise ImageError(f"{self._name}: {name} is too large")
        with self._files.open(name) as chunks:
            return b"".join(chunks)

    def _search(self, index: Index, digest: str, depth: int) -> Descriptor | None:
        """Entries first, then the indexes that are entries."""
        for entry in index.manifests:
            if entry.digest == digest:
                return entry
        for entry in index.manifests if depth else ():
            if entry.media_type in media_types.INDEXES and self.has_blob(entry):
                inner = tree.parse(entry, self.read_manifest(entry))
                found = self._search(inner, digest, depth - 1) if isinstance(inner, Index) else None
                if found is not None:
                    return found
        return None

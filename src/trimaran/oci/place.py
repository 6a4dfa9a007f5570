"""Where images live: one interface for a registry's repository, an OCI folder and the store.

With it, a copy works between any two places (`images.copy`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from trimaran.errors import ImageError
from trimaran.oci.models import Descriptor

OpenBlob = Callable[[], AbstractContextManager[Iterator[bytes]]]
"""Opens a blob's bytes from the start; called again for each retry."""

OpenFrom = Callable[[int], AbstractContextManager[Iterator[bytes]]]
"""Opens a blob's bytes from an offset on, not checked: who keeps the beginning checks the whole."""


class Place(Protocol):
    """A repository of manifests and blobs under tags.

    Every byte that a place gives is checked against its descriptor's digest and size.
    """

    @property
    def name(self) -> str:
        """How a person calls the place, for messages."""
        ...

    def resolve(self, tag_or_digest: str) -> Descriptor:
        """The manifest or index under a tag or digest. Raises NotFoundError."""
        ...

    def read_manifest(self, descriptor: Descriptor) -> bytes:
        """A manifest's, index's raw bytes. Raises NotFoundError, ImageError."""
        ...

    def open_blob(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob's bytes in chunks. Raises NotFoundError, ImageError at a wrong byte."""
        ...

    def has_blob(self, descriptor: Descriptor) -> bool: ...

    def write_blob(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Store a blob; its bytes are checked on the way."""
        ...

    def write_manifest(self, raw: bytes, media_type: str, tag: str = "") -> Descriptor:
        """Store a manifest or index by digest, or under `tag` as well, last and whole."""
        ...


@runtime_checkable
class Rewinding(Protocol):
    """A place that gives a blob from any offset on, not checked: who takes it does that."""

    def open_blob_from(
        self, descriptor: Descriptor, offset_bytes: int
    ) -> AbstractContextManager[Iterator[bytes]]: ...


@runtime_checkable
class Resuming(Protocol):
    """A place that keeps the beginning of a blob whose copy was cut short."""

    def write_blob_from(self, descriptor: Descriptor, open_from: OpenFrom) -> None: ...


class TagMovedError(ImageError):
    """A tag means something else than it did when its edit began."""


class EditablePlace(Place, Protocol):
    """A place whose tags are changed only if nobody else did meanwhile."""

    def replace_manifest(
        self, raw: bytes, media_type: str, tag: str, expected_digest: str
    ) -> Descriptor:
        """Let `tag` stand for `raw` if it still stands for `expected_digest`.

        Raises:
            TagMovedError: it does not.
        """
        ...

"""One repository of a registry, as a place of images."""

from __future__ import annotations

import http
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import msgspec

from trimaran.errors import RegistryError
from trimaran.oci.models import Descriptor
from trimaran.oci.place import OpenBlob
from trimaran.references import Reference
from trimaran.registry import downloads, manifests, referrers, refusals, uploads
from trimaran.registry.client import Client
from trimaran.registry.links import next_query
from trimaran.registry.remote import Remote

_TAGS_LIMIT_BYTES = 4 << 20
_PAGES_LIMIT = 1000
_TAGS_PER_PAGE = 1000


class _TagList(msgspec.Struct, frozen=True):
    tags: tuple[str, ...] | None = None


class Repository:
    """A repository, for any number of threads; implements `oci.place.Place`.

    Args:
        registry: host and port, `docker.io` for Docker Hub.
        repository: its path, such as `library/busybox`.
        client: reaches the registry.
        mount_from: other repositories of this registry, whose blobs need not be sent again.
    """

    def __init__(
        self, registry: str, repository: str, client: Client, mount_from: Sequence[str] = ()
    ) -> None:
        self._remote = Remote(client, registry, repository)
        self._mount_from = tuple(name for name in mount_from if name != repository)

    @property
    def name(self) -> str:
        """Registry and path."""
        return self._remote.name

    def resolve(self, tag_or_digest: str) -> Descriptor:
        """The manifest or index under a tag or digest.

        OCI distribution spec, Checking if content exists in the registry (end-3).

        Raises:
            NotFoundError: nothing is there.
            UnauthorizedError: the login is missing, wrong or not enough.
            RegistryError: the registry refused or failed.
        """
        return manifests.resolve(self._remote, tag_or_digest)

    def read_manifest(self, descriptor: Descriptor) -> bytes:
        """A manifest's or index's bytes, checked (OCI distribution spec, Pulling manifests, end-3).

        Raises:
            NotFoundError: it is not there.
            ImageError: these are other bytes, or more than 4 MiB.
            RegistryError: the registry refused or failed.
        """
        return manifests.read(self._remote, descriptor)

    def open_blob(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob's bytes in chunks, checked; a cut is continued by Range.

        OCI distribution spec, Pulling blobs (end-2).

        Raises (from the iterator):
            NotFoundError: it is not there.
            ImageError: these are other bytes.
            RegistryError: the registry refused, or failed too often.
        """
        return downloads.open_blob(self._remote, descriptor)

    def open_blob_from(
        self, descriptor: Descriptor, offset_bytes: int
    ) -> AbstractContextManager[Iterator[bytes]]:
        """A blob's bytes from an offset on, not checked; else as `open_blob`."""
        return downloads.open_blob_from(self._remote, descriptor, offset_bytes)

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there. Raises RegistryError.

        OCI distribution spec, Checking if content exists in the registry (end-2).
        """
        return downloads.has_blob(self._remote, descriptor)

    def write_blob(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Store a blob; one that is there, or can be mounted, is not sent.

        OCI distribution spec, Pushing blobs, Mounting a blob from another repository (end-4 to 6,
        end-11).

        Raises:
            ImageError: the bytes are not the descriptor's.
            RegistryError: the registry refused, or failed too often.
        """
        uploads.upload(self._remote, descriptor, open_blob, self._mount_from)

    def write_manifest(self, raw: bytes, media_type: str, tag: str = "") -> Descriptor:
        """Store a manifest or index under its digest, or under `tag`.

        OCI distribution spec, Pushing manifests (end-7).

        Raises:
            RegistryError: the registry refused, failed, or stored other bytes.
        """
        return manifests.write(self._remote, raw, media_type, tag)

    def replace_manifest(
        self, raw: bytes, media_type: str, tag: str, expected_digest: str
    ) -> Descriptor:
        """Store an index under `tag` if that still stands for `expected_digest`.

        OCI distribution spec, Pushing manifests (end-7); RFC 9110, section 13.1.1.

        Raises:
            TagMovedError: it does not, and nothing was written.
            RegistryError: the registry refused or failed.
        """
        return manifests.replace(self._remote, raw, media_type, tag, expected_digest)

    def check_push(self) -> None:
        """Prove the right to push, and leave nothing behind (OCI distribution spec, end-4a).

        Raises:
            UnauthorizedError: the login is missing, wrong or not enough.
            RegistryError: the registry refused or failed.
        """
        uploads.check_push(self._remote)

    def referrers(self, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """What names `digest` as its subject, of one type or all: signatures, SBOMs.

        Raises:
            RegistryError: the registry refused or failed.
        """
        return referrers.referrers(self._remote, digest, artifact_type)

    def list_referrer(self, subject: str, referrer: Descriptor) -> None:
        """List a manifest that was pushed as one that refers to `subject`.

        OCI distribution spec, Pushing manifests with subject; Referrers tag schema.

        Raises:
            RegistryError: the registry refused or failed.
        """
        referrers.list_referrer(self._remote, subject, referrer)

    def delete(self, tag_or_digest: str) -> None:
        """Remove a manifest by its digest, or a tag where the registry allows that.

        OCI distribution spec, Deleting tags, Deleting manifests (end-9).

        Raises:
            NotFoundError: it is not there.
            RegistryError: the registry refused.
        """
        manifests.delete(self._remote, tag_or_digest)

    def tags(self) -> list[str]:
        """All tags, in the registry's order (OCI distribution spec, Listing tags, end-8b).

        Raises:
            NotFoundError: there is no such repository.
            RegistryError: the registry refused or failed.
        """
        found: list[str] = []
        path = f"tags/list?n={_TAGS_PER_PAGE}"
        for _ in range(_PAGES_LIMIT):
            page = self._remote.read(path, _TAGS_LIMIT_BYTES)
            if page.status != http.HTTPStatus.OK:
                raise refusals.refusal(page, f"list the tags of {self.name}")
            found += _decode_tags(page.body, self.name)
            query = next_query(page.headers.get("Link", ""))
            if not query:
                return found
            path = f"tags/list?{query}"
        raise RegistryError(f"the tags of {self.name} have more than {_PAGES_LIMIT} pages")


def open_repository(
    reference: Reference, client: Client, mount_from: Sequence[str] = ()
) -> Repository:
    """The repository that a reference names."""
    return Repository(reference.registry, reference.repository, client, mount_from)


def _decode_tags(body: bytes, name: str) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(body, type=_TagList).tags or ()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"list the tags of {name}: not a list of tags: {error}") from error

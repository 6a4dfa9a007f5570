"""The writing half of a Place that cannot be written piece by piece."""

from __future__ import annotations

from trimaran.errors import ImageError
from trimaran.oci.models import Descriptor
from trimaran.oci.place import OpenBlob


class ReadOnly:
    """Refuses to be written."""

    @property
    def name(self) -> str:
        raise NotImplementedError

    def write_blob(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:  # noqa: ARG002
        raise self._refusal()

    def write_manifest(self, raw: bytes, media_type: str, tag: str = "") -> Descriptor:  # noqa: ARG002
        raise self._refusal()

    def _refusal(self) -> ImageError:
        return ImageError(f"{self.name} is an archive and cannot be added to", "write a new one")

"""The writing half of a Place that cannot be written piece by piece."""

from __future__ import annotations

from trimaran.errors import ImageError
from trimaran.oci.models import Descriptor
from trimaran.oci.place import OpenBlob


class ReadOnly:
    """Refuses to be written."""

    def write_blob(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:  # noqa: ARG002
        raise _refusal()

    def write_manifest(self, raw: bytes, media_type: str, tag: str = "") -> Descriptor:  # noqa: ARG002
        raise _refusal()


def _refusal() -> ImageError:
    return ImageError("an archive is written whole and cannot be added to", "write a new one")

"""What BuildKit attests of an image: provenance and SBOMs, as manifests in the image's own index.

Each names its image in an annotation of its entry (BuildKit's attestation-storage.md).
"""

from __future__ import annotations

import msgspec

from trimaran.images import tree
from trimaran.images.narrow import SUBJECT, flat
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Manifest
from trimaran.oci.place import Place

PREDICATE_TYPE = "in-toto.io/predicate-type"


class Attestation(msgspec.Struct, frozen=True, rename="camel"):
    """Statements about one image.

    Attributes:
        subject: the digest of the image that they are about.
        digest: that of the manifest that holds them.
        predicate_types: what they state, such as https://slsa.dev/provenance/v0.2.
    """

    subject: str
    digest: str
    predicate_types: tuple[str, ...]


def attestations(place: Place, descriptor: Descriptor) -> tuple[Attestation, ...]:
    """The attestations in an index; a single image has none.

    Raises:
        NotFoundError, ImageError: something is lacking or malformed.
    """
    if descriptor.media_type not in media_types.INDEXES:
        return ()
    found = flat(place, tree.read_node(place, descriptor))
    entries = (msgspec.convert(entry, Descriptor) for entry in found)
    return tuple(_read(place, entry) for entry in entries if SUBJECT in entry.annotations)


def _read(place: Place, entry: Descriptor) -> Attestation:
    manifest = tree.read(place, entry)
    layers = manifest.layers if isinstance(manifest, Manifest) else ()
    types = dict.fromkeys(layer.annotations.get(PREDICATE_TYPE, "") for layer in layers)
    return Attestation(entry.annotations[SUBJECT], entry.digest, tuple(filter(None, types)))

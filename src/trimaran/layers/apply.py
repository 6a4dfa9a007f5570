"""Extracts one layer of an image into a root file system (image-spec, layer.md, Applying)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from trimaran.errors import LayerError
from trimaran.layers import streams
from trimaran.layers.decompression import decompressed
from trimaran.layers.entries import Entry, shown
from trimaran.layers.extraction import Extraction, Names
from trimaran.layers.reader import TarReader
from trimaran.layers.scan import OPAQUE_MARKER, WHITEOUT_PREFIX
from trimaran.layers.streams import ByteStream, Source

_MEDIA_TYPES = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
_META_PREFIX = b".wh..wh."
"""AUFS's own files."""


def apply_layer(source: Source, media_type: str, root: Path, *, label: str = "layer") -> str:
    """Extract a layer over what is in `root`.

    Whiteouts are done by removing what they name, which a merged overlay mount turns into its own
    form. Devices are passed over.

    Args:
        source: the layer's bytes as stored; the compression is told by content.
        media_type: the descriptor's.
        root: an empty folder, or the parents' merged mount. Only this process may change it.
        label: the layer's name for messages, such as its digest.

    Returns:
        The diff ID: the digest of the uncompressed archive, all of it.

    Raises:
        LayerError: no layer, damaged, cut short, reaching out of the root, or not to be written
            here.
    """
    if not media_type.startswith(_MEDIA_TYPES) or media_type.endswith("encrypted"):
        raise LayerError(f"{label}: cannot extract the media type {media_type!r}")
    hasher = hashlib.sha256()
    stream = ByteStream(_hashed(decompressed(streams.chunks(source), label), hasher))
    reader = TarReader(stream, label)
    with Extraction(root, label) as extraction:
        for entry in reader:
            names = extraction.place(entry)
            if names and names[-1].startswith(WHITEOUT_PREFIX):
                _whiteout(extraction, names, label, entry)
            else:
                extraction.write(entry, names, reader.pieces)
    stream.drain()
    return "sha256:" + hasher.hexdigest()


def _whiteout(extraction: Extraction, names: Names, label: str, entry: Entry) -> None:
    *above, name = names
    if name == OPAQUE_MARKER:
        extraction.remove_children(tuple(above))
    elif not name.startswith(_META_PREFIX):
        hidden = name.removeprefix(WHITEOUT_PREFIX)
        if hidden in (b"", b".", b".."):
            raise LayerError(f"{label}: entry {shown(entry.name)} is not a valid whiteout")
        extraction.remove((*above, hidden))


def _hashed(chunks: Iterator[bytes], hasher: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk

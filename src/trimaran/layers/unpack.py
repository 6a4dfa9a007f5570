"""Unpacks local archives for ADD."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from trimaran.errors import LayerError
from trimaran.layers import headers, streams
from trimaran.layers.decompression import decompressed, is_compressed
from trimaran.layers.entries import Entry, parts
from trimaran.layers.extraction import Extraction
from trimaran.layers.reader import TarReader
from trimaran.layers.streams import ByteStream

HEAD_BYTES = headers.BLOCK_BYTES
"""How much of a file `is_archive` looks at."""


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is to be taken for a tar archive, compressed or not.

    Compressed data counts unseen, as in BuildKit: nobody compresses a Dockerfile.
    """
    if is_compressed(head):
        return True
    try:
        headers.decode(head[: headers.BLOCK_BYTES])
    except (ValueError, struct.error):
        return False
    return True


def unpack_archive(
    file: BinaryIO,
    root: Path,
    destination: str,
    *,
    owner: tuple[int, int] | None = None,
    label: str = "archive",
    owners: dict[bytes, tuple[int, int]] | None = None,
) -> bool:
    """Unpack a tar archive, also one compressed by gzip, bzip2, xz or zstd, into a folder of root.

    The folder is made if it is missing, parents too (0755); links in it are followed inside the
    root. The archive's entry for its own root (`./`) does not change the folder. Files named `.wh.`
    mean nothing special.

    Args:
        file: open at its start.
        root: the root file system.
        destination: the folder's path in it.
        owner: --chown: user and group id of every entry, but not of folders that no entry names.
        label: the archive's name for messages.
        owners: is told the archive's own user and group id of each path, below the folder.

    Returns:
        Whether `file` is an archive with at least one entry; if not, it is to be copied as it is,
        and nothing was written. The file was read from in any case.

    Raises:
        LayerError: the archive is damaged after its first entry, or reaches out of the folder.
    """
    stream = ByteStream(decompressed(streams.chunks(file), label))
    reader = TarReader(stream, label)
    entries = iter(reader)
    first = _first(entries)
    if first is None:
        return False
    below = parts(os.fsencode(destination))
    with Extraction(root, label, below=below, owner=owner) as extraction:
        extraction.make_root()
        for entry in chain((first,), entries):
            names = extraction.place(entry)
            if names:
                extraction.write(entry, names, reader.pieces)
                if owners is not None:
                    owners[b"/".join(names)] = (entry.uid, entry.gid)
    return True


def newest(file: BinaryIO) -> int | None:
    """The latest modification time of an archive's files, in seconds; None if it has none.

    Args:
        file: open at its start; it may be no archive at all.
    """
    found: int | None = None
    try:
        for entry in TarReader(ByteStream(decompressed(streams.chunks(file), "archive"))):
            if entry.kind == "file":
                seconds = entry.mtime_ns // 10**9
                found = seconds if found is None else max(found, seconds)
    except LayerError:
        return None
    return found


def _first(entries: Iterator[Entry]) -> Entry | None:
    try:
        return next(entries, None)
    except LayerError:
        return None

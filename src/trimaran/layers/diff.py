"""Writes a layer from an overlay's upper folder, and a whole root file system as a tar."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from trimaran.errors import LayerError
from trimaran.layers import writer
from trimaran.layers.entries import shown
from trimaran.layers.pipeline import LayerSink, Writable, WrittenLayer
from trimaran.layers.scan import Found, Scan
from trimaran.request import Compression


def write_layer(
    folder: Path,
    out: Writable,
    *,
    compression: Compression,
    clamp_mtime: int | None = None,
) -> WrittenLayer:
    """Write what an overlay's upper folder holds as one layer.

    The same content gives the same bytes: entries are sorted by their bytes, times are whole
    seconds, names of users, access and change times are left out. Hard links within the folder stay
    such; sockets and the folder's own metadata are left out. Of extended attributes,
    `security.capability` and `user.*` are kept, but never overlayfs's own.

    Args:
        folder: an upper folder; one without whiteouts may be any folder.
        out: takes the compressed bytes.
        compression: how they are compressed.
        clamp_mtime: SOURCE_DATE_EPOCH: later modification times become it.

    Raises:
        LayerError: a file that no layer can hold, or that changed while it was read.
        OSError: reading or writing failed.
    """
    scan = Scan(os.fsencode(folder), overlay=True, clamp_mtime=clamp_mtime)
    with LayerSink(out, compression) as sink:
        _write(scan, sink)
        return sink.finish()


def write_root(root: Path, out: Writable, *, clamp_mtime: int | None = None) -> None:
    """Write all below `root` as an uncompressed tar: devices as they are, no whiteouts.

    Raises:
        LayerError: a file changed while it was read.
        OSError: reading or writing failed.
    """
    scan = Scan(os.fsencode(root), overlay=False, clamp_mtime=clamp_mtime)
    with LayerSink(out, "uncompressed") as sink:
        _write(scan, sink)
        sink.finish()


class _Sink(Protocol):
    def write(self, data: bytes, /) -> None: ...

    def read_from(self, fd: int, count: int) -> int: ...


def _write(scan: Iterable[Found], sink: _Sink) -> None:
    for found in scan:
        entry = found.entry
        sink.write(writer.encode(entry))
        if not entry.size:
            continue
        if sink.read_from(found.fd, entry.size) != entry.size:
            raise LayerError(f"{shown(entry.name)} became shorter while it was read")
        sink.write(writer.padding(entry.size))
    sink.write(writer.END)

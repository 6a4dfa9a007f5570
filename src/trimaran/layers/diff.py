"""Writes a layer from an overlay's upper folder, and a whole root file system as a tar."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from trimaran.errors import LayerError
from trimaran.layers import writer
from trimaran.layers.entries import Entry, shown
from trimaran.layers.pipeline import LayerSink, Writable, WrittenLayer
from trimaran.layers.scan import Found, Scan
from trimaran.request import Compression


def write_layer(
    folder: Path,
    out: Writable,
    *,
    compression: Compression,
    clamp_mtime: int | None = None,
    level: int | None = None,
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
        level: of the compression; None is ours.

    Raises:
        LayerError: a file that no layer can hold, or that changed while it was read.
        OSError: reading or writing failed.
    """
    scan = Scan(os.fsencode(folder), overlay=True, clamp_mtime=clamp_mtime)
    with LayerSink(out, compression, level) as sink:
        _write(scan, sink)
        sink.write(writer.END)
        return sink.finish()


def write_roots(
    roots: Mapping[str, Path],
    out: Writable,
    *,
    clamp_mtime: int | None = None,
    more: Mapping[str, bytes] | None = None,
) -> None:
    """Write whole file systems as one uncompressed tar: devices as they are, no whiteouts.

    Args:
        roots: the root folders by the folder that each gets in the tar; "" is the tar's own root.
        out: takes the tar.
        clamp_mtime: SOURCE_DATE_EPOCH: later modification times become it.
        more: files that stand in the tar beside those, by path, for their owner alone.

    Raises:
        LayerError: a file changed while it was read.
        OSError: reading or writing failed.
    """
    with LayerSink(out, "uncompressed") as sink:
        for name, root in roots.items():
            scan = Scan(os.fsencode(root), overlay=False, clamp_mtime=clamp_mtime)
            _write(_below(os.fsencode(name), scan, clamp_mtime or 0) if name else scan, sink)
        for name, content in (more or {}).items():
            mtime_ns = (clamp_mtime or 0) * 10**9
            entry = Entry(os.fsencode(name), "file", 0o600, size=len(content), mtime_ns=mtime_ns)
            sink.write(writer.encode(entry) + content + writer.padding(len(content)))
        sink.write(writer.END)
        sink.finish()


def _below(folder: bytes, scan: Iterable[Found], mtime: int) -> Iterator[Found]:
    """The same entries, moved into `folder`, which comes first."""
    prefix = folder + b"/"
    yield Found(Entry(folder, "folder", 0o755, mtime_ns=mtime * 10**9), -1)
    for found in scan:
        entry = found.entry
        link = prefix + entry.link if entry.kind == "link" else entry.link
        moved = msgspec.structs.replace(entry, name=prefix + entry.name, link=link)
        yield Found(moved, found.fd)


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

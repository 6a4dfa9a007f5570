"""Reads one layer as a stream and keeps what the audit asks: nothing is unpacked."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import msgspec

from trimaran import elf
from trimaran.audit import databases
from trimaran.audit.facts import Binary, Entry, Kind, LayerFacts
from trimaran.audit.golang import GoSearch
from trimaran.audit.levels import WHOLE_FILE, read_levels, writable_start
from trimaran.errors import LayerError
from trimaran.layers.decompression import decompressed
from trimaran.layers.entries import Entry as TarEntry
from trimaran.layers.entries import parts, shown
from trimaran.layers.reader import TarReader
from trimaran.layers.scan import OPAQUE_MARKER, WHITEOUT_PREFIX
from trimaran.layers.streams import ByteStream

VERSION = 3
"""Counts up with each change of what is kept: memos of older versions are of no use."""
_META_PREFIX = b".wh..wh."
_HEAD_BYTES = 1 << 16
_MEMORY_BYTES = 32 << 20
_LARGEST_BYTES = 2 << 30
_SCRIPT_LINE_BYTES = 256  # BINPRM_BUF_SIZE
_OTHERS = ("fifo", "char", "block")


def scan_layer(chunks: Iterator[bytes], label: str) -> LayerFacts:
    """Read a layer's archive to its end.

    Args:
        chunks: the layer's bytes as stored; the compression is told by content.
        label: the layer's name for messages.

    Raises:
        LayerError: it is damaged, or no archive.
    """
    stream = ByteStream(decompressed(chunks, label))
    reader = TarReader(stream, label)
    try:
        entries = tuple(_entry(entry, reader) for entry in reader)
    except ValueError as error:
        raise LayerError(f"{label}: {error}") from error
    stream.drain()
    return LayerFacts(entries)


def _entry(entry: TarEntry, reader: TarReader) -> Entry:
    try:
        names = parts(entry.name)
    except ValueError as error:
        raise ValueError(f"entry {shown(entry.name)}: {error}") from error
    path = b"/".join(names)
    name = names[-1] if names else b""
    if name.startswith(WHITEOUT_PREFIX):
        return _whiteout(b"/".join(names[:-1]), name)
    match entry.kind:
        case "file":
            return _file(entry, path, reader)
        case "link":
            return Entry(path, "link", entry.mode, b"/".join(parts(entry.link)))
        case "symlink":
            return Entry(path, "symlink", entry.mode, entry.link)
        case kind:
            known: Kind = "other" if kind in _OTHERS else cast("Kind", kind)
            return Entry(path, known, entry.mode)


def _whiteout(folder: bytes, name: bytes) -> Entry:
    if name == OPAQUE_MARKER:
        return Entry(folder, "opaque")
    if name.startswith(_META_PREFIX):
        return Entry(b"", "folder")
    hidden = name.removeprefix(WHITEOUT_PREFIX)
    return Entry(folder + b"/" + hidden if folder else hidden, "removed")


def _file(entry: TarEntry, path: bytes, reader: TarReader) -> Entry:
    if databases.is_database(path) and entry.size <= databases.LIMIT_BYTES:
        packages = databases.read_packages(path, b"".join(reader.pieces()))
        return Entry(path, "file", entry.mode, packages=packages)
    if path in databases.RPM_DATABASES and entry.size <= databases.RPM_LIMIT_BYTES:
        with tempfile.NamedTemporaryFile() as copy:
            copy.writelines(reader.pieces())
            copy.flush()
            packages = databases.read_rpm(Path(copy.name))
        return Entry(path, "file", entry.mode, packages=packages)
    pieces = reader.pieces()
    head = bytes(next(pieces, b""))
    while len(head) < min(entry.size, _SCRIPT_LINE_BYTES):
        head += next(pieces, b"")
    binary = _binary(head, pieces, entry.size) if head.startswith(b"\x7fELF") else None
    for _ in pieces:
        pass
    interpreter = _interpreter(head) if entry.mode & 0o111 else ()
    return Entry(path, "file", entry.mode, binary=binary, interpreter=interpreter)


def _interpreter(head: bytes) -> tuple[bytes, ...]:
    """The program and its one argument, as the kernel splits them (execve(2))."""
    if not head.startswith(b"#!"):
        return ()
    line = head[2:_SCRIPT_LINE_BYTES].partition(b"\n")[0].strip(b" \t\r\0")
    return tuple(line.replace(b"\t", b" ").split(None, 1))


def _binary(head: bytes, pieces: Iterator[memoryview], size: int) -> Binary | None:
    """An ELF file's facts; only files that need it are kept whole meanwhile."""
    hasher = hashlib.sha256(head)
    while len(head) < min(size, _HEAD_BYTES) and (piece := next(pieces, None)) is not None:
        hasher.update(piece)
        head += piece
    facts = elf.read(head)
    start = writable_start(io.BytesIO(head), facts) if facts else 0
    search = GoSearch(facts.e_machine if facts else 0, start)
    search.feed(head)
    if (facts is None or facts.e_machine in WHOLE_FILE) and len(head) < size <= _LARGEST_BYTES:
        with tempfile.SpooledTemporaryFile(_MEMORY_BYTES) as whole:
            whole.write(head)
            for piece in pieces:
                hasher.update(piece)
                search.feed(piece)
                whole.write(piece)
            return _facts(cast("IO[bytes]", whole), hasher.digest(), search)
    for piece in pieces:
        hasher.update(piece)
        search.feed(piece)
    return _facts(io.BytesIO(head), hasher.digest(), search)


def _facts(file: IO[bytes], sha256: bytes, search: GoSearch) -> Binary | None:
    facts = elf.read(cast("io.BufferedIOBase", file))  # type: ignore[arg-type]
    if facts is None:
        return None
    levels = read_levels(file, facts)  # type: ignore[arg-type]
    return Binary(facts, msgspec.structs.replace(levels, go=search.level), sha256)

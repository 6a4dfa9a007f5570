"""The files of a tar by name, for reading in any order and from several threads."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import posixpath
import tarfile
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import IO, BinaryIO, cast

import zstandard

from trimaran.errors import ImageError, NotFoundError

_CHUNK_BYTES = 1024 * 1024
_LINK_LIMIT = 16
SCRATCH = Path("/var/tmp")  # noqa: S108 - for large files that outlive no process (FHS 5.15)

_Decompressor = Callable[[BinaryIO], IO[bytes]]


def _gzip(file: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file))


def _bzip2(file: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", bz2.open(file))


def _xz(file: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", lzma.open(file))


def _zstd(file: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(file))


_COMPRESSIONS: tuple[tuple[bytes, _Decompressor], ...] = (
    (b"\x1f\x8b", _gzip),
    (b"BZh", _bzip2),
    (b"\xfd7zXZ\0", _xz),
    (b"\x28\xb5\x2f\xfd", _zstd),
)


class TarFiles:
    """An archive's regular files, links followed inside it; nothing is unpacked.

    A compressed archive is decompressed once, into a file without a name below `scratch`.

    Raises:
        NotFoundError: there is no such file.
        ImageError: it is no tar, or cannot be read.
    """

    def __init__(self, path: Path, scratch: Path = SCRATCH) -> None:
        try:
            with _plain(path, scratch) as file:
                self._members = _scan(file)
                self._descriptor = os.dup(file.fileno())
        except FileNotFoundError as error:
            raise NotFoundError(f"there is no file {path}") from error
        except (tarfile.TarError, EOFError, lzma.LZMAError, zstandard.ZstdError) as error:
            raise ImageError(f"{path} is no tar archive: {error}") from error
        except OSError as error:
            raise ImageError(f"read {path}: {error.strerror or error}") from error
        weakref.finalize(self, os.close, self._descriptor)

    def names(self) -> list[str]:
        return sorted(self._members)

    def size(self, name: str) -> int | None:
        """In bytes; None if there is no such file."""
        member = self._find(name)
        return None if member is None else member.size

    @contextmanager
    def open(self, name: str) -> Iterator[Iterator[bytes]]:
        """The file's bytes in chunks. Raises NotFoundError."""
        member = self._find(name)
        if member is None:
            raise NotFoundError(f"the archive has no {name}")
        yield self._chunks(member.offset_data, member.size)

    def _chunks(self, offset: int, size_bytes: int) -> Iterator[bytes]:
        """By pread, which has no position that threads would share."""
        end = offset + size_bytes
        while offset < end:
            chunk = os.pread(self._descriptor, min(_CHUNK_BYTES, end - offset), offset)
            if not chunk:
                raise ImageError("the archive ends too early")
            yield chunk
            offset += len(chunk)

    def _find(self, name: str) -> tarfile.TarInfo | None:
        for _ in range(_LINK_LIMIT):
            member = self._members.get(_normal(name))
            if member is None or member.isreg():
                return member
            folder = posixpath.dirname(member.name) if member.issym() else ""
            name = posixpath.join(folder, member.linkname)
        return None


def _plain(path: Path, scratch: Path) -> BinaryIO:
    file = open(path, "rb")  # noqa: SIM115 - the caller closes it
    start = file.read(8)
    file.seek(0)
    for magic, decompressor in _COMPRESSIONS:
        if start.startswith(magic):
            with file:
                return _decompressed(decompressor(file), scratch)
    return file


def _decompressed(packed: IO[bytes], scratch: Path) -> BinaryIO:
    plain = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - the caller closes it
    try:
        copyfileobj(packed, plain, _CHUNK_BYTES)
        plain.seek(0)
    except BaseException:
        plain.close()
        raise
    return cast("BinaryIO", plain)


def _scan(file: BinaryIO) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        return {
            _normal(member.name): member
            for member in archive
            if member.isreg() or member.issym() or member.islnk()
        }


def _normal(name: str) -> str:
    return posixpath.normpath("/" + name).lstrip("/")

"""`trimaran build`: where the context and the Dockerfile come from, as buildx understands it."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from trimaran.cli import values
from trimaran.errors import UsageError
from trimaran.request import ArchiveContext, EmptyContext, MainContext

_LIMIT_BYTES = 16 * 1024 * 1024
_STDIN = "-"


class Sources(msgspec.Struct, frozen=True):
    """Fields of a `BuildRequest`."""

    context: MainContext
    dockerfile: Path
    dockerfile_name: str
    dockerfile_text: bytes | None = None


def find(context: str, file: str | None) -> Sources:
    """Where CONTEXT and -f point to; `-` is standard input, read here if it is a Dockerfile.

    Raises:
        UsageError: both are standard input, or an address is of an unknown kind.
    """
    if context == _STDIN:
        return _from_stdin(file)
    found = values.main_context(context)
    if file == _STDIN:
        return Sources(found, Path(), _STDIN, _read_dockerfile(sys.stdin.buffer))
    if isinstance(found, Path):
        return Sources(found, *_local(found, file))
    return Sources(found, Path(file or "Dockerfile"), file or "Dockerfile")


def _from_stdin(file: str | None) -> Sources:
    """An archive is the context; anything else is the Dockerfile of an empty one."""
    from trimaran.layers import unpack  # slow to load

    if file == _STDIN:
        raise UsageError(
            "context and Dockerfile cannot both come from standard input",
            "name a folder as CONTEXT, or put the Dockerfile into the archive",
        )
    head = sys.stdin.buffer.read(unpack.HEAD_BYTES)  # a pipe may give less at a time
    stream = io.BufferedReader(_Rejoined(head, sys.stdin.buffer))
    if unpack.is_archive(head):
        name = file or "Dockerfile"
        return Sources(ArchiveContext(stream, "the archive on standard input"), Path(name), name)
    if file is not None:
        raise UsageError(
            "standard input is a Dockerfile, and -f names another one",
            "leave out -f, or give an archive on standard input",
        )
    return Sources(EmptyContext(), Path(), _STDIN, _read_dockerfile(stream))


class _Rejoined(io.RawIOBase):
    """A stream from its start, of which the beginning was read."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(given) :]
        buffer[: len(given)] = given
        return len(given)


def _read_dockerfile(stream: BinaryIO) -> bytes:
    return stream.read(_LIMIT_BYTES + 1)


def _local(context: Path, name: str | None) -> tuple[Path, str]:
    """A Dockerfile in a folder: the flag is relative to the current folder, as in buildx."""
    if name is None:
        path = context / "Dockerfile"
        return path, os.path.relpath(path) if context != Path.cwd() else "Dockerfile"
    return Path(name).absolute(), name

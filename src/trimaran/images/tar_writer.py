"""A tar that is the same whenever and by whomever it is written: for archives of images."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from typing import BinaryIO

_BLOCK_BYTES = 512


class TarWriter:
    """Files and folders of owner 0 and time 0, in the order of the calls; `out` need not seek."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def folder(self, name: str) -> None:
        info = tarfile.TarInfo(name)
        info.type = tarfile.DIRTYPE
        info.mode = 0o755
        self._out.write(info.tobuf(tarfile.PAX_FORMAT))

    def file(self, name: str, size_bytes: int, chunks: Iterable[bytes]) -> None:
        """Write a file; `chunks` must have `size_bytes` bytes in all."""
        info = tarfile.TarInfo(name)
        info.mode = 0o644
        info.size = size_bytes
        self._out.write(info.tobuf(tarfile.PAX_FORMAT))
        for chunk in chunks:
            self._out.write(chunk)
        self._out.write(bytes(-size_bytes % _BLOCK_BYTES))

    def finish(self) -> None:
        """Write the end of the archive."""
        self._out.write(bytes(2 * _BLOCK_BYTES))

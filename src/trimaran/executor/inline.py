"""The files that a Dockerfile holds itself, heredocs, as a source of COPY."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import InlineFiles

_MODE = 0o644


@contextmanager
def written(source: InlineFiles, folder: Path) -> Iterator[SourceRoot]:
    """The files in a new folder, 0644; it is gone at the end.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir()
    try:
        for name, text in source.files:
            path = folder / name
            path.write_bytes(text.encode())
            os.chmod(path, _MODE)  # whatever the umask
        yield SourceRoot(folder, "the Dockerfile")
    finally:
        shutil.rmtree(folder)

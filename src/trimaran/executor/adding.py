"""ADD's own part: a local tar archive, known by its content, is unpacked instead of copied."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from trimaran.executor import placing, sources, walking
from trimaran.executor.sources import Source
from trimaran.executor.trees import TreeCopy
from trimaran.graph.steps import Copy
from trimaran.layers.unpack import unpack_archive


def unpack(tree: TreeCopy, root_fd: int, source: Source, step: Copy, merged: Path) -> bool:
    """Unpack `source` into the destination, a folder even without a slash, if it is an archive.

    `--chmod` is left aside, as BuildKit does. `--chown` is for the archive's entries and for the
    destination and its parents where they were made.

    Returns:
        Whether it was one; if not, nothing was written.

    Raises:
        ContextError: the source cannot be read, or the destination is no folder.
        LayerError: the archive is malformed or reaches out of the destination.
        OSError: it cannot be written.
    """
    if not stat.S_ISREG(source.status.st_mode):
        return False
    parts = placing.resolved(merged, step.destination)
    present = _present(tree.merged_fd, parts)
    owner = tree.attributes.new_owner
    fd = _opened(tree, root_fd, source)
    with os.fdopen(fd, "rb") as file:
        unpacked = unpack_archive(
            file,
            merged,
            "/".join(parts),
            owner=(owner.uid, owner.gid) if step.owner else None,
            label=source.written,
        )
    if unpacked and step.owner:
        for depth in range(present + 1, len(parts) + 1):
            with walking.opened_below(tree.merged_fd, parts[:depth]) as folder_fd:
                placing.change_owner(folder_fd, owner)
    return unpacked


def _opened(tree: TreeCopy, root_fd: int, source: Source) -> int:
    try:
        with walking.opened_below(root_fd, source.parts[:-1]) as folder_fd:
            return walking.open_file(folder_fd, source.parts[-1])[0]
    except OSError as error:
        raise sources.failure(error, source.written, tree.root) from error


def _present(root_fd: int, parts: Sequence[str]) -> int:
    """How many of the folders on the way to `parts` exist."""
    for depth in range(1, len(parts) + 1):
        try:
            with walking.opened_below(root_fd, parts[:depth]):
                pass
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return depth - 1
    return len(parts)

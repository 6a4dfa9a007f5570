"""Mount points that leave no trace in a step's layer.

A file can be mounted only onto a file. What is made for that purpose in the step's own layer would
stay in the image, and so would the copied-up folder that holds it. Instead, a folder of stubs is
laid directly below the step's layer, above its parents: an empty file for each mount point, in
folders that look like the parents' own. It hides what the parents have there, links that lead
nowhere included, as the mount itself would.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from trimaran.linux import rootfs

_OVERLAY_XATTRS = ("user.overlay.", "trusted.overlay.")


def make_stubs(view: Path, folder: Path, files: Iterable[str]) -> tuple[str, ...]:
    """Fill `folder` with an empty file for each of `files`.

    Args:
        view: the parents' merged file system.
        folder: an empty folder on the file system of the step's layer.
        files: absolute paths; links above the last component are followed inside `view`.

    Returns:
        Those of `files` that can be mount points: not where a component is a file.
    """
    made: list[str] = []
    folders: dict[tuple[str, ...], None] = {}
    for file in files:
        parts = _place(view, file)
        if parts is None:
            continue
        above = [parts[:depth] for depth in range(1, len(parts))]
        for part in above:
            folder.joinpath(*part).mkdir(exist_ok=True)
        folders.update(dict.fromkeys(above))
        folder.joinpath(*parts).touch(mode=0o644)
        made.append(file)
    for parts in reversed(folders):  # the deepest first: filling a folder changes its time
        _dress(folder.joinpath(*parts), view.joinpath(*parts))
    return tuple(made)


def make_folders(root: Path, names: Sequence[str]) -> None:
    """Make folders that `root` lacks; what has such a name already stays as it is."""
    for name in names:
        with suppress(FileExistsError):
            path = root / name
            path.mkdir()
            path.chmod(0o755)


def same_root(fs: Path, parent: Path) -> None:
    """Let the root folder of a new layer look like that of its parent, as overlayfs shows it."""
    _dress(fs, parent)


def _place(view: Path, file: str) -> tuple[str, ...] | None:
    above, _, name = file.rpartition("/")
    try:
        real = rootfs.resolve(view, above)
        parts = real.relative_to(view).parts
        for depth in range(1, len(parts) + 1):
            if not stat.S_ISDIR(os.lstat(view.joinpath(*parts[:depth])).st_mode):
                return None
    except FileNotFoundError:
        return (*parts, name)
    except OSError:
        return None
    return (*parts, name)


def _dress(folder: Path, model: Path) -> None:
    """Give `folder` the owner, mode, attributes and times of `model`, if there is one."""
    try:
        status = os.lstat(model)
    except FileNotFoundError:
        folder.chmod(0o755)
        return
    os.chown(folder, status.st_uid, status.st_gid)
    os.chmod(folder, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(model):
        if not name.startswith(_OVERLAY_XATTRS):
            with suppress(OSError):  # an attribute of the machine, such as a SELinux label
                os.setxattr(folder, name, os.getxattr(model, name))
    os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))

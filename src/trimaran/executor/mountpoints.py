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
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from trimaran.errors import ImageError
from trimaran.linux import rootfs

FILE, FOLDER = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755
"""Mount points as they are made."""
_OVERLAY_XATTRS = ("user.overlay.", "trusted.overlay.")
_OWN_MOUNTS = ("/dev/", "/proc/", "/sys/")
"""What is below them is made in the container's own mounts."""
# statvfs(3) flags that a read-only remount must repeat, by their mount options.
_LOCKED = {os.ST_NOSUID: "nosuid", os.ST_NODEV: "nodev", os.ST_NOEXEC: "noexec"}


def make_stubs(
    view: Path, folder: Path, files: Iterable[str], points: Mapping[str, int] | None = None
) -> tuple[str, ...]:
    """Fill `folder` with an empty file for each of `files`, and with what `points` lack.

    Args:
        view: the parents' merged file system.
        folder: an empty folder on the file system of the step's layer.
        files: absolute paths; links above the last component are followed inside `view`.
        points: absolute paths of other mounts, each with a kind and a mode as in stat(2)'s st_mode;
            every link is followed inside `view`, and what is there already gets no stub.

    Returns:
        Those of `files` that can be mount points: not where a component is a file.

    Raises:
        ImageError: one of `points` is there and is of the other kind, or below a file.
    """
    stubs = _Stubs(view, folder)
    places = {file: _place(view, file) for file in files}
    made = tuple(file for file, parts in places.items() if parts is not None)
    for file in made:
        stubs.add(places[file] or (), FILE)
    for point, mode in (points or {}).items():
        if not point.startswith(_OWN_MOUNTS) and not _is_covered(point, points or {}):
            stubs.add(_missing(view, point, is_folder=stat.S_ISDIR(mode)), mode)
    stubs.dress()
    return made


class _Stubs:
    def __init__(self, view: Path, folder: Path) -> None:
        self._view = view
        self._folder = folder
        self._above: dict[tuple[str, ...], None] = {}

    def add(self, parts: tuple[str, ...], mode: int) -> None:
        above = [parts[:depth] for depth in range(1, len(parts))]
        for part in above:
            self._folder.joinpath(*part).mkdir(exist_ok=True)
        self._above.update(dict.fromkeys(above))
        stub = self._folder.joinpath(*parts)
        if not parts or stub.exists():
            return
        if stat.S_ISDIR(mode):
            stub.mkdir()
        else:
            stub.touch()
        stub.chmod(stat.S_IMODE(mode))

    def dress(self) -> None:
        """Let the folders look like the parents' own."""
        # The deepest first: filling a folder changes its time.
        for parts in sorted(self._above, key=len, reverse=True):
            _dress(self._folder.joinpath(*parts), self._view.joinpath(*parts))


def new_folders(view: Path, stubs: Path) -> tuple[str, ...]:
    """The folders of `stubs` that `view` lacks, the deepest first, as relative paths."""
    found = (
        Path(place, name).relative_to(stubs) for place, names, _ in os.walk(stubs) for name in names
    )
    new = [path for path in found if not os.path.lexists(view / path)]
    return tuple(map(str, sorted(new, key=lambda path: len(path.parts), reverse=True)))


def vanish(fs: Path, folders: Iterable[str]) -> None:
    """Remove folders that were made for mount points and that a step changed but left empty.

    Args:
        fs: the step's layer.
        folders: from `new_folders`.
    """
    for name in folders:
        path = fs / name
        try:
            times = path.parent.lstat()
            path.rmdir()
        except OSError:
            continue  # not there, or not empty
        os.utime(path.parent, ns=(times.st_atime_ns, times.st_mtime_ns))


def read_only(source: Path) -> tuple[str, ...]:
    """The options of a read-only bind of `source`, its file system's own flags among them.

    Raises:
        OSError: there is no such file.
    """
    flags = os.statvfs(source).f_flag
    return ("ro", *(name for flag, name in _LOCKED.items() if flags & flag))


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


def _is_covered(point: str, points: Iterable[str]) -> bool:
    """Whether another mount hides it, in which the runtime makes it."""
    return any(point.startswith(f"{other}/") for other in points)


def _missing(view: Path, point: str, *, is_folder: bool) -> tuple[str, ...]:
    """The place below `view` where a mount point is to be made; empty if it is there."""
    kinds = {True: "a folder", False: "a file"}
    try:
        real = rootfs.resolve(view, point)
        status = os.lstat(real)
    except FileNotFoundError:
        return real.relative_to(view).parts
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ImageError(f"cannot mount {kinds[is_folder]} on {point}: {reason}") from error
    if stat.S_ISDIR(status.st_mode) != is_folder:
        raise ImageError(
            f"cannot mount {kinds[is_folder]} on {point}, which is {kinds[not is_folder]}",
            "choose another target",
        )
    return ()


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

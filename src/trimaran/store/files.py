"""Files that are whole or not there, also after a crash, and what a failed write means."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trimaran.errors import StoreError

_FULL_HINT = "run `trimaran prune`, free space on that disk, or choose another with --store"


@contextmanager
def guarded(root: Path, action: str) -> Iterator[None]:
    """Turn an OSError into a StoreError that names `action`, verb and subject.

    Raises:
        StoreError: with the free space if the disk below `root` is full.
    """
    try:
        yield
    except OSError as error:
        raise failure(root, action, error) from error


def failure(root: Path, action: str, error: OSError) -> StoreError:
    """What `error` means for the store at `root`."""
    match error.errno:
        case errno.ENOSPC:
            free = free_bytes(root)
            return StoreError(f"{action}: {root} is full: {free} bytes free", _FULL_HINT)
        case errno.EDQUOT:
            return StoreError(f"{action}: the disk quota of {root} is used up", _FULL_HINT)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            hint = "choose a folder of your own with --store"
            return StoreError(f"{action}: {_reason(error)}", hint)
        case _:
            return StoreError(f"{action}: {_reason(error)}")


def free_bytes(root: Path) -> int:
    """What an ordinary user may still write below `root`."""
    facts = os.statvfs(root)
    return facts.f_bavail * facts.f_frsize


def write_whole(
    target: Path, data: bytes, scratch: Path, mode: int = 0o666, *, durable: bool = True
) -> None:
    """Write `data` as `target`, by way of a file in `scratch` on the same file system.

    `mode` is the file's, less what the umask takes. What is not `durable` may be older, empty or
    zeros after a crash of the machine, and costs no wait for the disk.

    Raises:
        OSError: `target` is then as it was.
    """
    temporary = scratch / secrets.token_hex(8)
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if durable:
            publish(temporary, target)
        else:
            ensure_folder(target.parent)
            os.rename(temporary, target)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def publish(temporary: Path, target: Path) -> None:
    """Give a finished, synced file its name, and make the name durable."""
    ensure_folder(target.parent)
    os.rename(temporary, target)
    sync_folder(target.parent)


def touch(path: Path) -> bool:
    """Whether a file is there; if so, now is its last use, where this user may write that down."""
    try:
        os.utime(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return path.is_file()
    return True


def ensure_folder(folder: Path) -> None:
    """Make `folder` durable where it is missing."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: fsync of a file does not (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    place = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{place}"

"""Files that an image is written to: whole or not there, and an error that says the way out."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from trimaran.errors import ImageError


def check(path: Path) -> None:
    """Make sure that a file can be written to `path`, without doing so. Raises ImageError."""
    target = Path(os.path.realpath(path))
    with writing(f"write {path}"):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        os.stat(f"{target.parent}/")  # says which: missing, no folder, or closed
        written = target if target.exists() and not target.is_file() else target.parent
        if not os.access(written, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def check_folder(path: Path) -> None:
    """Make sure that `path` is a folder that may be written to, or can become one.

    Raises:
        ImageError: it is not.
    """
    with writing(f"write to {path}"):
        there = next(each for each in (path, *path.parents) if os.path.lexists(each))
        os.stat(f"{there}/")
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def opened(out: Path | BinaryIO) -> Iterator[BinaryIO]:
    """`out` as a stream; a path's file is replaced at the end, if all went well.

    What is no regular file (a pipe, /dev/stdout) is written as it is.

    Raises:
        ImageError: the file cannot be written.
    """
    if not isinstance(out, Path):
        yield out
        return
    with writing(f"write {out}"):
        target = Path(os.path.realpath(out))
        if target.exists() and not target.is_file():
            with open(target, "wb") as file:
                yield file
        else:
            with whole(target, target.with_name(f".{secrets.token_hex(8)}")) as file:
                yield file


@contextmanager
def whole(target: Path, temporary: Path) -> Iterator[BinaryIO]:
    """A new file that takes the name `target` at the end, if all went well. Raises OSError."""
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def writing(action: str) -> Iterator[None]:
    """Turn an OSError into an ImageError that names `action`, verb and subject."""
    try:
        yield
    except OSError as error:
        hint = "free space on that disk" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise ImageError(f"{action}: {error.strerror or error}", hint) from error

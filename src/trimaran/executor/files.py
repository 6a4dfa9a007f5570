"""The bytes and the security.capability of one regular file, from one descriptor to another."""

from __future__ import annotations

import errno
import fcntl
import os

_FICLONE = 0x40049409  # linux/fs.h
_SMALL_BYTES = 128 * 1024  # below it two plain calls are faster than asking for a shared copy
_CHUNK_BYTES = 1024 * 1024
_LONGEST_COPY_BYTES = 1 << 30
_CAPABILITY = "security.capability"
# What the kernel says where files cannot share blocks: another file system, or one without it.
_UNSHARED = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOTTY, errno.EPERM}
)
# No capability; no xattrs at all; or one of a user namespace that this one cannot name.
_NO_CAPABILITY = frozenset({errno.ENODATA, errno.EOPNOTSUPP, errno.EOVERFLOW, errno.EPERM})


def copy(source_fd: int, target_fd: int, size_bytes: int) -> None:
    """Copy a file's bytes to an empty one, sharing its blocks where the file system can.

    Args:
        source_fd: a regular file, at its start.
        target_fd: an empty regular file.
        size_bytes: how long the file is expected to be.

    Raises:
        OSError: reading or writing failed, as on a full disk.
    """
    if size_bytes > _SMALL_BYTES and _share(source_fd, target_fd):
        return
    step = min(size_bytes + 1, _CHUNK_BYTES)  # one byte more shows the end in one call
    while chunk := os.read(source_fd, step):
        _write(target_fd, chunk)
        if len(chunk) < step:
            break


def capability(fd: int) -> bytes:
    """The file's security.capability (capabilities(7)); empty if it has none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return os.getxattr(fd, _CAPABILITY)
    except OSError as error:
        if error.errno in _NO_CAPABILITY:
            return b""
        raise


def set_capability(fd: int, value: bytes) -> None:
    """Give a file capabilities: after its owner, since chown(2) takes them away.

    Raises:
        OSError: the file system has no xattrs, or this is not the namespace's root.
    """
    os.setxattr(fd, _CAPABILITY, value)


def _share(source_fd: int, target_fd: int) -> bool:
    """Whether the kernel copied it all, or began to: both files then stand where it stopped."""
    try:
        fcntl.ioctl(target_fd, _FICLONE, source_fd)
    except OSError as error:
        if error.errno not in _UNSHARED:
            raise
    else:
        return True
    try:
        while os.copy_file_range(source_fd, target_fd, _LONGEST_COPY_BYTES):
            pass
    except OSError as error:
        if error.errno not in _UNSHARED:
            raise
        return False
    return True


def _write(fd: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(fd, view) :]

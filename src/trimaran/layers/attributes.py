"""Extended attributes: which of them travel in archives, and reading and setting those.

`security.capability` and `user.*` belong to a file wherever it is; overlayfs's own are about one
mount (overlayfs.rst), the rest about one host.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

OVERLAY_SPACES = (b"user.overlay.", b"trusted.overlay.")
"""The first is used by mounts in user namespaces (`userxattr`), the second by the others."""

_CAPABILITY = b"security.capability"
_REFUSED = frozenset((errno.ENOTSUP, errno.EPERM, errno.EINVAL))


def read(fd: int) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """What travels, by full name; and overlayfs's marks, by what follows `overlay.`.

    Args:
        fd: an open file or folder.

    Raises:
        OSError: reading failed.
    """
    kept: dict[bytes, bytes] = {}
    marks: dict[bytes, bytes] = {}
    for text in os.listxattr(fd):
        name = os.fsencode(text)
        if name.startswith(OVERLAY_SPACES):
            marks[name.split(b".", 2)[2]] = os.getxattr(fd, name)
        elif name.startswith(b"user.") or name == _CAPABILITY:
            kept[name] = os.getxattr(fd, name)
    return kept, marks


def put(target: int | bytes, xattrs: Mapping[bytes, bytes]) -> None:
    """Set an archive's attributes on an open file, or on a path whose end is not followed.

    Those that the file system or the kernel refuses are let go, but for capabilities: without them
    a program does not work, while the others described the host that they come from. overlayfs's
    own are never set: they would let an archive steer the mount.

    Raises:
        OSError: setting failed.
    """
    follow = isinstance(target, int)
    for name, value in xattrs.items():
        if name.startswith(OVERLAY_SPACES):
            continue
        try:
            os.setxattr(target, name, value, follow_symlinks=follow)
        except OSError as error:
            if name == _CAPABILITY or error.errno not in _REFUSED:
                raise

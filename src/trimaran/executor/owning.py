"""Files that are made for a step and belong to whom the Dockerfile says."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from trimaran.errors import HostError

_HINT = "use a lower id, or add a range: usermod --add-subuids FIRST-LAST NAME, and --add-subgids"


def give(path: Path, uid: int, gid: int, mode: int) -> None:
    """Set a file's owner and mode.

    Raises:
        HostError: the user namespace has no such id.
    """
    try:
        os.chown(path, uid, gid)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        message = f"owner {uid}:{gid} is not among this user's subordinate ids"
        raise HostError(message, _HINT) from error
    os.chmod(path, mode)

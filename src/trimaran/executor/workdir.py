"""WORKDIR: a folder of the image that a step makes."""

from __future__ import annotations

import os
from pathlib import Path

from trimaran.executor import modes, placing
from trimaran.executor.placing import Attributes
from trimaran.executor.users import file_owner
from trimaran.graph.steps import MakeFolder
from trimaran.linux import rootfs


def make_folder(step: MakeFolder, root: Path) -> None:
    """Make the step's folder and its missing parents, 0755, owned by the step's user.

    Raises:
        ContextError: a component is a file.
        HostError: the owner is not among this user's ids.
        ImageError: a user's name in an image FROM scratch.
        StoreError: the disk is full.
    """
    owner = file_owner(step.user, root if step.parent else None)
    parts = rootfs.resolve(root, step.path).relative_to(root).parts
    root_fd = rootfs.open_root(root)
    try:
        with placing.made_folder(root_fd, parts, Attributes(None, modes.Keep(), owner)):
            pass
    except OSError as error:
        raise placing.failure(error, step.path) from error
    finally:
        os.close(root_fd)

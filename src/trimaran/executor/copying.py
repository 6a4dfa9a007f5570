"""COPY, and ADD of local files: from a context or another root into the merged root.

Where the Dockerfile reference is silent, this does what BuildKit does.
"""

from __future__ import annotations

import os
from pathlib import Path

from trimaran.executor import adding, modes, placing, selection, sources, users, walking
from trimaran.executor.placing import Attributes
from trimaran.executor.sources import Source, SourceRoot
from trimaran.executor.trees import TreeCopy
from trimaran.executor.walking import Found
from trimaran.graph.steps import Copy, Part, ground


def copy_part(step: Copy, part: Part, root: SourceRoot, merged: Path) -> None:
    """Do what a COPY or ADD says of one place's files, source by source in the order written.

    The destination folder keeps its mode and owner, a new one is 0755; folders inside it take the
    source's. Links inside a tree are copied as links. Owners and hard links are kept from another
    root; files of a local context get owner 0:0. Devices are left out.

    Args:
        step: the step; its destination is absolute.
        part: of the step.
        root: where the sources are: the context, or the other step's mounted file system.
        merged: the mounted file system to write to.

    Raises:
        ContextError: a source is missing, ignored or unreadable, or meets something in the way.
        HostError: an owner is not among this user's ids.
        ImageError: --chown with a name in an image FROM scratch.
        LayerError: an archive that ADD unpacks is malformed.
        StoreError: the disk is full.
    """
    selected = selection.select(step, part, root)
    attributes = _attributes(step, root, merged)
    with sources.opened(root) as root_fd, sources.opened(_image(merged)) as merged_fd:
        for source, chosen in selected:
            tree = TreeCopy(root, attributes, merged_fd, chosen)
            try:
                if part.unpack and adding.unpack(tree, root_fd, source, step, merged):
                    continue
                parts = placing.location(merged, step.destination, source)
                _copy_source(tree, root_fd, source, parts)
            except OSError as error:
                raise placing.failure(error, step.destination) from error


def _image(merged: Path) -> SourceRoot:
    return SourceRoot(merged, "the image", local=False)


def _attributes(step: Copy, root: SourceRoot, merged: Path) -> Attributes:
    owner = users.Owner(0, 0) if root.local else None
    new_owner = users.Owner(0, 0)
    if step.owner:
        new_owner = owner = users.file_owner(step.owner, merged if ground(step) else None)
    owners = {} if step.owner else root.owners
    return Attributes(owner, modes.parse(step.mode), new_owner, owners)


def _copy_source(tree: TreeCopy, root_fd: int, source: Source, parts: tuple[str, ...]) -> None:
    """Copy `source` to the place `parts`, which is a folder's own if the source is one."""
    if source.is_folder:
        with (
            walking.opened_below(root_fd, source.parts) as source_fd,
            placing.made_folder(tree.merged_fd, parts, tree.attributes) as target_fd,
        ):
            tree.contents(source_fd, source.path, target_fd, "/".join(parts))
            if source.parts:  # as in BuildKit; a root's own time is that of its making
                placing.keep_times(target_fd, os.fstat(source_fd))
        return
    with (
        walking.opened_below(root_fd, source.parts[:-1]) as source_fd,
        placing.made_folder(tree.merged_fd, parts[:-1], tree.attributes) as target_fd,
    ):
        found = Found(source.parts[-1], source.path, source.status)
        tree.entry(found, source_fd, target_fd, "/".join(parts))

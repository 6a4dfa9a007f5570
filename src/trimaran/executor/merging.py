"""The merged file system of a chain of snapshots, mounted while it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from trimaran.errors import StoreError
from trimaran.executor import mountpoints
from trimaran.linux.mounts import Overlay, mounted
from trimaran.store.snapshots import PendingSnapshot
from trimaran.store.store import Store


def folders(store: Store, identities: Sequence[str]) -> tuple[Path, ...]:
    """The snapshots of a chain of steps, base first.

    Raises:
        StoreError: one is not there.
    """
    found = [store.snapshot(identity) for identity in identities]
    if None in found:
        raise StoreError(
            f"the snapshot of step {identities[found.index(None)]} is missing",
            "run the build again",
        )
    return tuple(folder for folder in found if folder is not None)


@contextmanager
def merged(
    pending: PendingSnapshot, lowers: Sequence[Path], target: Path, *, stubs: Path | None = None
) -> Iterator[Path]:
    """Mount `lowers`, base first, with `pending` on top to take the changes; gives the root.

    Without `lowers` and `stubs` that is the snapshot's own folder, and nothing is mounted.

    Args:
        pending: the snapshot to fill.
        lowers: the parents' folders.
        target: where to mount; made if missing.
        stubs: a folder of mount points to lay between `lowers` and `pending`.

    Raises:
        HostError: the mount was refused.
    """
    if lowers:
        mountpoints.same_root(pending.fs, lowers[-1])
    top_first = (*((stubs,) if stubs else ()), *reversed(lowers))
    if not top_first:
        yield pending.fs
        return
    target.mkdir(exist_ok=True)
    with mounted(Overlay(top_first, pending.fs, pending.work, target)) as root:
        yield root


@contextmanager
def viewed(lowers: Sequence[Path], target: Path) -> Iterator[Path]:
    """Mount `lowers`, base first, to be read only; gives the root, an empty folder for none."""
    target.mkdir(exist_ok=True)
    if not lowers:
        yield target
        return
    with mounted(Overlay(tuple(reversed(lowers)), None, None, target)) as root:
        yield root

"""An image's whole file system: mounted to be read, written to a tar, or copied to a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from trimaran.errors import ContextError, StoreError
from trimaran.executor import merging
from trimaran.executor.copying import copy_part
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import Copy, Part, StepFiles
from trimaran.store.store import Store


@contextmanager
def opened_root(store: Store, identities: Sequence[str], *, name: str = "root") -> Iterator[Path]:
    """Mount the snapshots of a chain, base first, to be read; gives the root, a folder of `name`.

    Raises:
        StoreError: a snapshot is missing.
        HostError: the mount was refused.
    """
    folders = merging.folders(store, identities)
    with store.new_snapshot("view") as pending:
        target = pending.work.parent / name
        with merging.viewed(folders, target) as root:
            yield root


def export_folder(root: Path, folder: Path) -> None:
    """Copy all of `root` into `folder`; the files belong to the user who runs this process.

    Set-user-id and set-group-id bits are dropped: with them, others on this machine could act as
    that user.

    Raises:
        ContextError, StoreError: something is in the way, or the disk is full.
    """
    part = Part(StepFiles(None), ("/",))
    everything = Copy(None, (part,), "/", owner="0:0", mode="ug-s")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy_part(everything, part, SourceRoot(root, "the image", local=False), folder)
    except OSError as error:
        raise ContextError(f"write to {folder}: {error.strerror}") from error
    except (ContextError, StoreError) as error:
        raise type(error)(f"write to {folder}: {error.message}", error.hint) from error

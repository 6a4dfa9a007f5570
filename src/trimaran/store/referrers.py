"""Lists of what refers to images in the store: an index of signatures and the like by subject.

A list and what is in it live as long as their subject.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from trimaran import digests
from trimaran.oci.models import Descriptor, Index
from trimaran.store import files
from trimaran.store.scratch import Scratch


class Referrers:
    """The lists in `folder`, which is made when there is one."""

    def __init__(self, folder: Path, scratch: Scratch) -> None:
        self._folder = folder
        self._scratch = scratch

    def get(self, subject: str) -> tuple[Descriptor, ...]:
        """What is listed; nothing is no error. Raises ImageError if the list is damaged."""
        with suppress(FileNotFoundError):
            return Index.parse(self._path(subject).read_bytes()).manifests
        return ()

    def put(self, subject: str, index: Index) -> None:
        """Keep `index` as the subject's list. Raises StoreError."""
        with files.guarded(self._folder.parent, f"list what refers to {subject}"):
            files.write_whole(self._path(subject), index.raw, self._scratch.folder)

    def remove(self, subject: str) -> None:
        """Forget a list, if there is one. Raises StoreError."""
        with files.guarded(self._folder.parent, f"forget what refers to {subject}"):
            self._path(subject).unlink(missing_ok=True)

    def _path(self, subject: str) -> Path:
        return self._folder / digests.check(subject).replace(":", "-")

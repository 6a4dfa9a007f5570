"""Removes what nobody needs, beside the commands that run.

Units are taken in portions while nobody can say what he relies on (`Uses.collecting`): all that is
named by then, or was used since it was listed, stays. Folders are only renamed meanwhile, to
tmp/NAME, and emptied afterwards; so a kill leaves a good store, and the next command sweeps.
Nothing is written, since the disk may be full.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from trimaran import digests
from trimaran.store import files, inventory, trees
from trimaran.store.inventory import Places
from trimaran.store.units import Part, Unit
from trimaran.store.uses import Uses

_PORTION = 32


class Collector:
    """The collector of an open store. Enter the namespaces before: others own the files.

    Args:
        root: the store's folder.
        places: its parts.
        uses: what running commands rely on.
    """

    def __init__(self, root: Path, places: Places, uses: Uses) -> None:
        self._root = root
        self._places = places
        self._uses = uses
        self._named_at = -1
        self._reached: frozenset[str] = frozenset()

    def listed(self) -> list[Unit]:
        """What the store holds, that used last at the end. Raises as `inventory.listed`."""
        with files.guarded(self._root, f"list what {self._root} holds"):
            return inventory.listed(self._places, self._uses.named())

    def collect(
        self, listed: Sequence[Unit], wanted: Callable[[Unit], bool], excess_bytes: float
    ) -> Iterator[Unit]:
        """Remove units, in the order in which they are listed; gives each that was removed.

        Args:
            listed: all of them.
            wanted: whether one may go at all. One that another needs stays with that.
            excess_bytes: after so much has gone the rest stays.

        Raises:
            StoreError: one cannot be removed, or the store stays locked.
            ImageError: a named image is damaged, so that what it needs is not known.
        """
        left = {unit.id for unit in listed}
        waiting = [unit for unit in listed if unit.reclaimable and wanted(unit)]
        while waiting and excess_bytes > 0:
            portion, waiting = waiting[:_PORTION], waiting[_PORTION:]
            for unit in self._take(portion, left, excess_bytes):
                excess_bytes -= unit.size_bytes
                yield unit

    def _take(self, portion: Sequence[Unit], left: set[str], excess_bytes: float) -> list[Unit]:
        taken: list[Unit] = []
        moved: list[Path] = []
        with files.guarded(self._root, "remove from the store"):
            with self._uses.collecting() as named:
                needed = self._places.with_links(named) | self._reached_now()
                for unit in portion:
                    if excess_bytes <= 0:
                        break
                    if not unit.above & left and _is_free(unit, needed) and self._move(unit, moved):
                        left.discard(unit.id)
                        taken.append(unit)
                        excess_bytes -= unit.size_bytes
            for path in moved:
                with suppress(FileNotFoundError):  # another command sweeps it
                    trees.remove(path.parent, path.name)
        return taken

    def _reached_now(self) -> frozenset[str]:
        at = self._places.refs.changed_ns()
        if at != self._named_at:
            self._reached = frozenset(self._places.reached())
            self._named_at = at
        return self._reached

    def _move(self, unit: Unit, moved: list[Path]) -> bool:
        """Take a unit out of the store; gives False if it is a cache that is in use."""
        for part in unit.parts:
            target = self._root / "tmp" / secrets.token_hex(8)
            if unit.type == "exec.cachemount":
                if not self._places.caches.move_away(unit.id, target):
                    return False
                moved.append(target)
            elif part.is_folder:
                os.rename(part.path, target)
                moved.append(target)
            else:
                self._remove_file(part)
        return True

    def _remove_file(self, part: Part) -> None:
        if digests.is_digest(part.name):
            self._places.referrers.remove(part.name)
        part.path.unlink(missing_ok=True)


def _is_free(unit: Unit, needed: set[str]) -> bool:
    return all(part.name not in needed and part.is_untouched for part in unit.parts)

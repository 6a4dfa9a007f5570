"""What the store holds, in the portions in which it is removed.

A step's unit is its snapshot, the records of it, and the layers that no other step has. What a name
reaches is a unit for itself. Records that are no step's are internal.
"""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

UnitType = Literal["regular", "exec.cachemount", "blob", "partial", "internal"]
"""BuildKit's names where it has such: of what a step made, and of cache mounts."""


class About(msgspec.Struct, frozen=True):
    """What a step is, for people and for those who remove it.

    Attributes:
        text: as the user knows it.
        base: the unit of the step that it was done on; empty for none.
        sources: the units of further steps whose files it saw.
    """

    text: str = ""
    platform: str = ""
    base: str = ""
    sources: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True):
    """A file or folder of the store.

    Attributes:
        name: what it is called in `Uses`.
        marks: the first of these that is there has the time of the last use.
        used_ns: that time when it was listed, in nanoseconds since the epoch; 0 if there is none.
    """

    name: str
    path: Path
    marks: tuple[Path, ...]
    used_ns: int
    size_bytes: int

    @property
    def is_untouched(self) -> bool:
        """Whether it is there and was not used since it was listed."""
        return last_use(self.marks) == self.used_ns and self.path.exists()

    @property
    def is_folder(self) -> bool:
        return self.path.is_dir()


class Unit(msgspec.Struct, frozen=True):
    """One portion.

    Attributes:
        id: a snapshot's or cache's name, a digest, or a record's kind and key.
        used_s: the last use of it or of what was made from it, in seconds since the epoch.
        in_use: a running command needs it.
        shared: a named image needs it.
        parts: in the order in which they are removed.
        above: the units that cannot be without it.
    """

    id: str
    type: UnitType
    about: About
    used_s: float
    in_use: bool
    shared: bool
    parts: tuple[Part, ...]
    above: frozenset[str] = frozenset()

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    @property
    def reclaimable(self) -> bool:
        return not self.in_use and not self.shared


class Draft(msgspec.Struct):
    """A unit that is being put together."""

    type: UnitType
    about: About = About()
    parts: list[Part] = msgspec.field(default_factory=list)
    above: set[str] = msgspec.field(default_factory=set)
    shared: bool = False


def last_use(marks: tuple[Path, ...]) -> int:
    """The time of the first file that is there, in nanoseconds since the epoch; 0 for none."""
    for path in marks:
        with suppress(OSError):
            return path.stat().st_mtime_ns
    return 0


def units(drafts: Mapping[str, Draft], in_use: Collection[str]) -> list[Unit]:
    """The finished units, that used last at the end, each after those above it.

    What something was made from was used when that was.
    """
    after: dict[str, set[str]] = {key: set(draft.above) for key, draft in drafts.items()}
    for key, draft in drafts.items():
        for source in {*draft.about.sources} & drafts.keys():
            after[source].add(key)
    made: dict[str, Unit] = {}
    for key in graphlib.TopologicalSorter(after).static_order():
        if key in drafts:
            later = [made[other] for other in after[key] if other in made]
            made[key] = _unit(key, drafts[key], later, in_use)
    return sorted(made.values(), key=lambda unit: unit.used_s)


def _unit(key: str, draft: Draft, later: list[Unit], in_use: Collection[str]) -> Unit:
    used_s = max((part.used_ns for part in draft.parts), default=0) / 1e9
    return Unit(
        key,
        draft.type,
        draft.about,
        max([used_s, *(unit.used_s for unit in later)]),
        any(part.name in in_use for part in draft.parts)
        or any(unit.in_use for unit in later if unit.id in draft.above),
        draft.shared,
        tuple(draft.parts),
        frozenset(draft.above),
    )

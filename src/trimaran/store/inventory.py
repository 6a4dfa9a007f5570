"""Lists what the store holds, as units. It looks only: that is no use of anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from trimaran.oci.models import Descriptor
from trimaran.store import caches, garbage, sizes
from trimaran.store.blobs import Blobs
from trimaran.store.caches import Caches
from trimaran.store.partials import Partials
from trimaran.store.records import Records, file_name
from trimaran.store.referrers import Referrers
from trimaran.store.refs import Refs
from trimaran.store.snapshots import Snapshots, name_of, snapshot_name
from trimaran.store.units import About, Draft, Part, Unit, UnitType, last_use, units

ABOUT = "about"
"""The kind of the records that tell what steps are."""

_ANY = TypeVar("_ANY", bound=msgspec.Struct)


class Places(msgspec.Struct, frozen=True):
    """The parts of a store."""

    blobs: Blobs
    refs: Refs
    referrers: Referrers
    records: Records
    snapshots: Snapshots
    partials: Partials
    caches: Caches

    def reached(self) -> dict[str, str]:
        """What named images need. Raises as `garbage.reached`."""
        return garbage.reached(self.blobs, self.refs, self.referrers)

    def with_links(self, names: Iterable[str]) -> set[str]:
        """What commands rely on that rely on `names`: manifests stand for all that they name."""
        return garbage.with_links(self.blobs, names)


class _Layer(msgspec.Struct):
    """What the record of a layer says: the blob, and the identity of the step."""

    descriptor: Descriptor
    step: str = ""


def listed(places: Places, in_use: Iterable[str]) -> list[Unit]:
    """Every unit, that used last at the end, each after those that cannot be without it.

    Args:
        places: where to look.
        in_use: the names that running commands rely on (`Uses`).

    Raises:
        StoreError, ImageError: a named image is damaged, so that what it needs is not known.
    """
    return units(_Inventory(places).drafts(), places.with_links(in_use))


class _Inventory:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._reached = places.reached()
        self._origins = {file_name(digest) for digest in self._reached}
        self._found: dict[str, Draft] = {}
        self._steps: dict[str, set[str]] = {}

    def drafts(self) -> dict[str, Draft]:
        # Parts are removed in this order: a promise before what it promises. What a step is stays
        # known to the end, since its base must not go before it.
        described = []
        for name, path in self._places.records.listed():
            if path.parent.name == ABOUT:
                described.append((name, path))
            else:
                self._add_record(name, path)
        self._add_snapshots()
        self._add_blobs()
        for name, path in described:
            self._add_about(name, path)
        for path in self._places.partials.listed():
            self._draft("partial", path.name).about = About("unfinished download")
            self._add("partial", path.name, path.name, path)
        self._add_caches()
        return self._linked()

    def _add_record(self, name: str, path: Path) -> None:
        step = name_of(path.name)
        match path.parent.name:
            case "layer":
                self._add_layer(name, path)
            case "replacement":
                self._add("internal", name, name, path)
                # Without it the older result would count again.
                self._draft("internal", name).above = {step, snapshot_name(_text(path))}
            case "origin":
                self._add("internal", name, name, path)
                self._draft("internal", name).shared = path.name in self._origins
            case kind if kind == "step" or self._places.snapshots.has(step):
                self._add("regular", step, name, path)
            case _:
                self._add("internal", name, name, path)

    def _add_layer(self, name: str, path: Path) -> None:
        layer = _decoded(path, _Layer)
        if layer is None or not layer.step:
            self._add("internal", name, name, path)
            return
        step = snapshot_name(layer.step)
        self._add("regular", step, name, path)
        self._steps.setdefault(layer.descriptor.digest, set()).add(step)

    def _add_snapshots(self) -> None:
        for name in self._places.snapshots.names():
            marks = self._places.snapshots.marks(name)
            self._add("regular", name, name, self._places.snapshots.folder / name, marks)

    def _add_blobs(self) -> None:
        for digest in self._places.blobs.listed():
            path, steps = self._places.blobs.path(digest), self._steps.get(digest, set())
            if digest not in self._reached and len(steps) == 1:
                self._add("regular", min(steps), digest, path)
                continue
            self._add("blob", digest, digest, path)
            draft = self._draft("blob", digest)
            draft.shared = digest in self._reached
            draft.above = set() if draft.shared else steps
            draft.about = About(f"of {self._reached[digest]}" if draft.shared else "of no name")

    def _add_about(self, name: str, path: Path) -> None:
        step = name_of(path.name)
        self._draft("regular", step).about = _decoded(path, About) or About()
        self._add("regular", step, name, path)

    def _add_caches(self) -> None:
        for cache in self._places.caches.listed():
            number = f" ({cache.number})" if cache.number else ""
            folder = self._places.caches.folder(cache.name)
            self._draft("exec.cachemount", cache.name).about = About(f"cache {cache.key}{number}")
            marks = (folder / "lock",)
            self._add("exec.cachemount", cache.name, caches.use_name(cache.name), folder, marks)

    def _linked(self) -> dict[str, Draft]:
        """What has parts, each with what is above it."""
        found = {key: draft for key, draft in self._found.items() if draft.parts}
        for key, draft in found.items():
            if draft.about.base in found:
                found[draft.about.base].above.add(key)
            if all(part.name.startswith(f"{ABOUT}/") for part in draft.parts):
                draft.type = "internal"  # of a step that failed
        for draft in found.values():
            draft.above &= found.keys()
        return found

    def _add(
        self, kind: UnitType, unit: str, name: str, path: Path, marks: tuple[Path, ...] = ()
    ) -> None:
        marks = marks or (path,)
        if path.exists():
            part = Part(name, path, marks, last_use(marks), sizes.size_bytes(path))
            self._draft(kind, unit).parts.append(part)

    def _draft(self, kind: UnitType, unit: str) -> Draft:
        return self._found.setdefault(unit, Draft(kind))


def _decoded(path: Path, form: type[_ANY]) -> _ANY | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=form)
    except (OSError, ValueError, RecursionError):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return ""

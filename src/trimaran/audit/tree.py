"""The file system that an image's layers make together, as entries.

Whiteouts are applied; links are resolved as if the image's root were `/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from trimaran.audit.facts import Entry, LayerFacts

_LINKS_LIMIT = 40  # as the kernel's MAXSYMLINKS


class Place(msgspec.Struct, frozen=True):
    """An entry and the number of the layer that it comes from."""

    entry: Entry
    layer: int


class Tree:
    """What is left of all layers' entries.

    Args:
        places: by path.
    """

    def __init__(self, places: Mapping[bytes, Place]) -> None:
        self._places = places

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def get(self, path: bytes) -> Place | None:
        """The entry of exactly this path, no link resolved."""
        return self._places.get(path)

    def resolve(self, path: bytes) -> Place | None:
        """What a path leads to in the end, links on the way included; None if to nothing."""
        real = follow(self._places, path)
        return None if real is None else self._places.get(real)


def follow(places: Mapping[bytes, Place], path: bytes) -> bytes | None:
    """A path below the root without links, `.` and `..`; None if links run in a circle."""
    pending = [part for part in reversed(path.split(b"/")) if part]
    at: list[bytes] = []
    links = 0
    while pending:
        part = pending.pop()
        if part == b"..":
            at = at[:-1]
        elif part != b".":
            place = places.get(b"/".join((*at, part)))
            if place is None or place.entry.kind != "symlink":
                at.append(part)
                continue
            links += 1
            if links > _LINKS_LIMIT:
                return None
            target = place.entry.target
            at = [] if target.startswith(b"/") else at
            pending += [one for one in reversed(target.split(b"/")) if one]
    return b"/".join(at)


def merge(layers: Iterable[LayerFacts]) -> Tree:
    """Lay layers over each other, base first (layer.md, Applying Changesets).

    A hard link keeps the file that it stands for, whatever later layers put in that one's place.
    """
    merging = _Merging()
    for number, layer in enumerate(layers):
        merging.apply(layer, number)
    return Tree(merging.places)


class _Merging:
    def __init__(self) -> None:
        self.places: dict[bytes, Place] = {}
        self._children: dict[bytes, set[bytes]] = {}
        self._folders: dict[bytes, bytes] = {}

    def apply(self, layer: LayerFacts, number: int) -> None:
        # A whiteout hides what lower layers have, wherever in the layer it stands.
        hidden = [entry for entry in layer.entries if entry.kind in ("removed", "opaque")]
        for entry in hidden:
            self._remove(self._real(entry.path), itself=entry.kind == "removed")
        for entry in layer.entries:
            if entry.kind not in ("removed", "opaque"):
                self._add(entry, number)

    def _remove(self, path: bytes, *, itself: bool) -> None:
        self._folders.clear()
        if itself:
            self._forget(path)
        stack = [path]
        while stack:
            for child in self._children.pop(stack.pop(), ()):
                self.places.pop(child, None)
                stack.append(child)

    def _forget(self, path: bytes) -> None:
        self.places.pop(path, None)
        self._children.get(path.rpartition(b"/")[0], set()).discard(path)

    def _add(self, entry: Entry, number: int) -> None:
        path = self._real(entry.path)
        old = self.places.get(path)
        if old and old.entry.kind == "folder" and entry.kind != "folder":
            self._remove(path, itself=True)
        if entry.kind == "link":
            original = self.places.get(self._real(entry.target))
            if original is None:
                return
            entry = original.entry
        if entry.kind == "symlink" or (old and old.entry.kind == "symlink"):
            self._folders.clear()
        if entry.path != path:
            entry = msgspec.structs.replace(entry, path=path)
        self.places[path] = Place(entry, number)
        if path:
            self._children.setdefault(path.rpartition(b"/")[0], set()).add(path)

    def _real(self, path: bytes) -> bytes:
        """The path with the links among its folders resolved, as extraction does it."""
        folder, slash, name = path.rpartition(b"/")
        if not slash:
            return path
        if folder not in self._folders:
            self._folders[folder] = follow(self.places, folder) or folder
        return self._folders[folder] + b"/" + name

"""What a row has changed before it is started: copies of programs and libraries."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trimaran.accelerator import driver_specs, interpreter, unprefixed
from trimaran.accelerator.kits import CONTROL, Library, Stock
from trimaran.accelerator.matching import Match
from trimaran.accelerator.patching import UnpatchableError, patch, texts
from trimaran.accelerator.table.rule import Rule
from trimaran.accelerator.trees import Tree

Form = tuple[str, str]


class Copies(msgspec.Struct, frozen=True):
    """Copies for one program of a root; each is made once.

    Attributes:
        own: the folder of them; the container sees it at `CONTROL`/own.
        path: the program's true path in the root.
        tree: the root.
        match: the row.
        stock: the kit.
    """

    own: Path
    path: str
    tree: Tree
    match: Match
    stock: Stock

    def program(self, stand_in: str) -> str:
        """Where the container sees a program of the kit, changed if the row says so.

        Raises:
            UnpatchableError: it cannot be changed.
        """
        rule = self.match.rule
        if not rule.texts and not rule.unprefixed:
            return f"{self.stock.view}{stand_in}"
        target = self.tree.content(self.path)
        return self._copy(self.stock.content(stand_in), target, os.path.basename(stand_in), rule)

    def libraries(self, stand_in: str) -> tuple[str, ...]:
        """Folders of changed libraries; none if one cannot be changed and there is `otherwise`.

        Raises:
            UnpatchableError: one cannot be changed.
        """
        rule, words = self.match.rule, self.match.words
        if rule.otherwise and len(words["native"]) != len(words["debian"]):
            return ()
        found = self.stock.libraries(stand_in)
        try:
            return tuple(
                self._library(library, forms)
                for beginning, forms in rule.libraries
                for library in (found if isinstance(found, tuple) else ())
                if library.name.startswith(beginning)
            )
        except UnpatchableError:
            if rule.otherwise:
                return ()
            raise

    def preload(self) -> str:
        """Where the container sees what tells this program the machine and its own path."""
        if not self.match.rule.preload:
            return ""
        data = interpreter.told(self.match.words["machine"], self.path)
        key = hashlib.sha256(data).hexdigest()[:16]
        place = self.own / key / "told.so"
        if not place.exists():
            _write(place, data)
        return f"{CONTROL}/own/{key}/{place.name}"

    def _library(self, library: Library, forms: Sequence[Form]) -> str:
        target = self.tree.content(self.match.fill_path(library.path))
        rule = msgspec.structs.replace(self.match.rule, texts=tuple(forms), specs=())
        copy = self._copy(self.stock.content(library.path), target, library.name, rule)
        return os.path.dirname(copy)

    def _copy(self, native: bytes, target: bytes, name: str, rule: Rule) -> str:
        filled = [(self.match.fill(old), self.match.fill(new)) for old, new in rule.texts]
        triplet = self.match.words.get("triplet", "") if rule.unprefixed else ""
        what = repr((filled, rule.specs, triplet)).encode()
        key = hashlib.sha256(native + target + what).hexdigest()[:16]
        place = self.own / key / name
        if not place.exists():
            data = patch(native, texts(native, target, filled))
            data = driver_specs.patch(data, dict(rule.specs))
            _write(place, unprefixed.patch(data, triplet) if triplet else data)
        return f"{CONTROL}/own/{key}/{name}"


def _write(place: Path, data: bytes) -> None:
    """Write a program whole or not at all."""
    place.parent.mkdir(exist_ok=True)
    scratch = place.with_name(f"{place.name}.{threading.get_ident()}")
    scratch.write_bytes(data)
    scratch.chmod(0o755)
    scratch.replace(place)

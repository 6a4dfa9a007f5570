"""gcc's plug-in for link-time optimization, which binutils load: the target's, then the host's.

The compiler's driver names it to ld by its path. ar, nm and ranlib find it in bfd-plugins beside
them, where a native one finds the target's and cannot load it, so it is told of the kit's. It takes
numbers out of objects in the byte order of its own CPU (lto-plugin.c, `parse_table_entry`).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimaran.accelerator import equality
from trimaran.accelerator.equality import Unequal
from trimaran.accelerator.kits import Stock
from trimaran.accelerator.packages import Database
from trimaran.accelerator.trees import Tree

_NAME = "liblto_plugin.so"
_FOUND = f"/usr/lib/bfd-plugins/{_NAME}"
_FOLDERS = ("libexec", "lib")


class Plugins:
    """The plug-ins of one root.

    Args:
        tree: the root.
        database: its packages.
        stock: the kit of the cross packages.
        triplet: the target's.
        swaps_bytes: target and host have different byte orders, so none is equal.
        compatible: as `equality.compare`.
    """

    def __init__(
        self,
        tree: Tree,
        database: Database,
        stock: Stock,
        triplet: str,
        *,
        swaps_bytes: bool,
        compatible: bool,
    ) -> None:
        self._tree, self._database, self._stock = tree, database, stock
        self._triplet = triplet
        self._swaps_bytes = swaps_bytes
        self._compatible = compatible

    def named(self) -> tuple[str, ...]:
        """Fields for a program that is told which to load: the kit's, or the emulator."""
        return tuple(
            f"r{path}\x01{self._stock.view}{stand_in}" if stand_in else f"n{path}"
            for path, stand_in in dict(self._pairs()).items()
        )

    def found(self) -> tuple[str, ...] | None:
        """Arguments for a program that looks for them; None if the kit has no equal one."""
        real = self._tree.real(_FOUND)
        if not self._tree.identity(real):
            return ()
        stand_in = dict(self._pairs()).get(real)
        return ("a--plugin", f"a{self._stock.view}{stand_in}") if stand_in else None

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Each name of a plug-in of the root, and the kit's equal one, empty if there is none."""
        for folder in _FOLDERS:
            for version in self._tree.entries(f"/usr/{folder}/gcc/{self._triplet}"):
                path = f"/usr/{folder}/gcc/{self._triplet}/{version}/{_NAME}"
                cross = f"/usr/{folder}/gcc-cross/{self._triplet}/{version}/{_NAME}"
                if self._tree.identity(path):
                    equal = self._equal(path, self._stock.real(cross))
                    yield from ((path, equal), (self._tree.real(path), equal))

    def _equal(self, path: str, stand_in: str) -> str:
        package = equality.unchanged_at(self._database, self._tree, path)
        if isinstance(package, Unequal) or not stand_in or self._swaps_bytes:
            return ""
        verdict = equality.compare(
            self._database, package, self._stock, stand_in, compatible=self._compatible
        )
        return "" if isinstance(verdict, Unequal) else stand_in

"""The C library's tables of character sets, which are compiled, so a stand-in needs the kit's."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from trimaran.accelerator.kits import Stock
from trimaran.accelerator.trees import Tree

_FOLDERS = ("/usr/lib/{}/gconv", "/usr/lib64/gconv", "/usr/lib/gconv")
_NO_TABLES = ("_Z9.so", "_Z900.so", ".cache")
"""Other ways of the s390x to the same result, and what was made on the spot."""


def told(tree: Tree, folder: str, stock: Stock, host_folder: str) -> tuple[str, ...] | str:
    """The fields by which the C library finds the kit's tables, or why it must not.

    Args:
        tree: the root, whose libraries are in `folder` below /usr/lib.
        folder: such as aarch64-linux-gnu.
        stock: the kit.
        host_folder: the same of the kit's.
    """
    host, known = _tables(stock.entries, host_folder)
    if known != _tables(tree.entries, folder)[1]:
        return "the kit has other tables of character sets"
    return ("zGCONV_PATH", f"eGCONV_PATH={stock.view}{host}") if known else ()


def _tables(entries: Callable[[str], Iterable[str]], folder: str) -> tuple[str, frozenset[str]]:
    """Where the C library has its tables of character sets, and their names (iconvconfig(8))."""
    for one in _FOLDERS:
        place = one.format(folder)
        if found := frozenset(name for name in entries(place) if not name.endswith(_NO_TABLES)):
            return place, found
    return "", frozenset()

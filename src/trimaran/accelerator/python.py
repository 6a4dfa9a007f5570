"""Which Python scripts a native python runs as the target's would: those that compile modules.

Packages run them after they are unpacked. They are known by name, so that what they load is known:
the language's own modules, none of which is compiled for the target, and Debian's debpython. A
.pyc file is the same on every CPU (marshal's format has one byte order and widths of its own).
"""

from __future__ import annotations

import re

from trimaran.accelerator import equality
from trimaran.accelerator.equality import Unequal
from trimaran.accelerator.packages import Database
from trimaran.accelerator.trees import Tree

OPTIONS = (
    "s-E,-S,-s,-B,-O,-OO,-P,-u",
    "Mpy_compile\x01/usr/lib/python{python}/py_compile.py",
)
"""The interpreter's fields: options before a script, and the module that is one."""
CONDITIONS = tuple(
    f"zPYTHON{name}"
    for name in ("PATH", "HOME", "PLATLIBDIR", "INSPECT", "WARNINGS", "USERBASE", "PERFSUPPORT")
)
INCLUDES = ("a-P", "a-s")
"""Neither the working directory's modules nor the user's."""
_SCRIPTS = ("/usr/bin/py3clean", "/usr/bin/py3compile", "/usr/lib/python{python}/py_compile.py")
_SHARED = "/usr/share/python3/debpython"
_FOLDERS = ("/usr/lib/python3/dist-packages", "/usr/local/lib/python{python}/dist-packages")
_STARTED = ("sitecustomize.py", "usercustomize.py")
_RUNS = re.compile(rb"(?m)^import[ \t]")


class Scripts:
    """Judges scripts of one root.

    Args:
        tree: the root.
        database: its packages.
        version: of the language, `3.13`.
    """

    def __init__(self, tree: Tree, database: Database, version: str) -> None:
        self._tree, self._database = tree, database
        self._version = version

    def includes(self) -> tuple[str, ...]:
        """Arguments before the caller's."""
        return INCLUDES

    def refusal(self, path: str, file: int) -> str:
        """Why a script cannot run natively; empty if it can."""
        if path not in (one.format(python=self._version) for one in _SCRIPTS):
            return f"{path} is not known to do the same on every CPU"
        package = equality.unchanged(self._database, path, file)
        if isinstance(package, Unequal):
            return f"{path}: {package.reason}"
        shared = (f"{_SHARED}/{name}" for name in self._tree.entries(_SHARED))
        changed = (self._changed(one) for one in shared if one.endswith(".py"))
        return next(filter(None, changed), "") or self._starts()

    def _changed(self, path: str) -> str:
        package = equality.unchanged_at(self._database, self._tree, path)
        return f"{path}: {package.reason}" if isinstance(package, Unequal) else ""

    def _starts(self) -> str:
        """What python would run before any script (the module `site`), besides packages' own."""
        for folder in (one.format(python=self._version) for one in _FOLDERS):
            for name in self._tree.entries(folder):
                path = f"{folder}/{name}"
                if name in _STARTED:
                    return f"{path} runs before every script"
                if name.endswith(".pth") and _RUNS.search(self._tree.content(path)):
                    return f"{path} runs before every script"
        return ""

"""Which Perl scripts a native perl runs as the target's would.

perl itself is the same on every CPU; what differs is its compiled modules, what it tells of itself,
and the forms of numbers in memory. So a script must be a package's own and unchanged, and so must
every module that it may load, outside the language's own; none of them may be compiled for the
target, nor use a word of `_TELLING`. Compiled modules of the language come from the kit, by `-I`:
in the environment it would reach children that are emulated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trimaran.accelerator import equality
from trimaran.accelerator.equality import Unequal
from trimaran.accelerator.kits import Stock
from trimaran.accelerator.packages import Database
from trimaran.accelerator.trees import Tree

OPTIONS = "s-w,-W,-X,-T,-t,-U,-wT,-Tw"
"""The interpreter's field: a script, and before it what the first line of a script may say."""
CONDITIONS = ("zPERL5LIB", "zPERL5OPT", "zPERL5DB", "zPERLLIB")
_TELLING = re.compile(
    rb"[%$]Config\b(?!\{useithreads\}|::)|(?<![\w:])Config::|\bmyconfig\b|\buname\b|\bsyscall\b|\$\^X|\$EXECUTABLE_NAME|%INC\b"
    rb"|\.ph['\"]|\bStorable\b|\b(?:Dyna|XS)Loader\b|\bExtUtils\b|\bDB_File\b|\bInline\b"
)
_NUMBERS = re.compile(rb"\b(?:un)?pack\b")
_INC = re.compile(rb"[@$]INC\b")
_KNOWN_INC = re.compile(rb"unshift\s*\(?\s*@INC\b")
_DYNAMIC = re.compile(rb"\b(?:require|do)\s*\(?\s*[$\"']|\buse\s+lib\b")
_MODULE = re.compile(rb"\b(?:use|require|no)\s+([A-Z]\w*(?:::\w+)*)(::\$)?")
_FOLDERS = re.compile(rb"/usr/share/(?:autoconf|automake-[\d.]+)")
_SHARED = "/usr/share/perl5"
_COMPILED = ("Locale/gettext.pm", "Text/CharWidth.pm", "Text/Iconv.pm")
"""Modules outside the language's own whose compiled part is the same on every CPU: debconf's."""
_LIMIT = 400


class Scripts:
    """Judges scripts of one root.

    Args:
        tree: the root.
        database: its packages.
        stock: the kit whose perl would run them.
        folders: of libraries of the target and of the host.
        same_numbers: both have one byte order and one size of a pointer.
    """

    def __init__(
        self,
        tree: Tree,
        database: Database,
        stock: Stock,
        folders: tuple[str, str],
        *,
        same_numbers: bool,
    ) -> None:
        self._tree, self._database, self._stock = tree, database, stock
        self._target, self._host = folders
        self._same_numbers = same_numbers
        self._extra: list[str] = []
        self._folders: set[str] = set()

    def includes(self) -> tuple[str, ...] | str:
        """`-I` for the kit's compiled modules of those packages that the root has, or why not."""
        found = [f"/usr/lib/{self._host}/perl-base"]
        for name in self._tree.entries(f"/usr/lib/{self._target}/perl"):
            package = self._database.package(f"libperl{name}")
            if package is None:
                continue
            folder = f"/usr/lib/{self._host}/perl/{name}"
            owned = self._stock.owner(self._stock.real(f"{folder}/POSIX.pm"))
            if owned is None or not equality.same_source(package, owned.package):
                return f"the {self._stock.kit.name} kit has no {package.name} {package.version}"
            found.append(folder)
        found += sorted(self._folders)
        return tuple(f"a-I{self._stock.view}{folder}" for folder in found)

    def refusal(self, path: str, file: int) -> str:
        """Why a script cannot run natively; empty if it can."""
        package = equality.unchanged(self._database, path, file)
        if isinstance(package, Unequal):
            return f"{path}: {package.reason}"
        text = self._tree.content(path)
        self._extra = [one.decode() for one in sorted(set(_FOLDERS.findall(text)))]
        seen: set[str] = set()
        pending = [(path, text)]
        while pending:
            name, text = pending.pop()
            if reason := self._telling(text):
                return f"{name} {reason}"
            for module in set(self._modules(text)) - seen:
                seen.add(module)
                found = self._module(module)
                if isinstance(found, str):
                    return found
                pending += [found] if found else []
            if len(seen) > _LIMIT:
                return f"{path} loads too many modules"
        return ""

    def _telling(self, text: bytes) -> str:
        code = text.partition(b"\n__END__")[0]
        code = re.sub(rb"(?m)^\s*#.*$|^=[a-z][\s\S]*?(?:^=cut\b.*$|\Z)", b"", code)
        if found := _TELLING.search(code) or _DYNAMIC.search(code):
            return f"says {found[0].decode(errors='replace').strip()}"
        if len(_INC.findall(code)) > (len(_KNOWN_INC.findall(code)) if self._extra else 0):
            return "changes @INC"
        if not self._same_numbers and _NUMBERS.search(code):
            return "packs numbers as its CPU does"
        return ""

    def _modules(self, text: bytes) -> Iterator[str]:
        for name, dynamic in _MODULE.findall(text):
            path = name.decode().replace("::", "/")
            if dynamic:
                for folder in (_SHARED, *self._extra):
                    entries = self._tree.entries(f"{folder}/{path}")
                    yield from (f"{path}/{one}" for one in entries if one.endswith(".pm"))
            else:
                yield f"{path}.pm"

    def _module(self, module: str) -> tuple[str, bytes] | str | None:
        """A module's path and text, None if it is the language's own or nowhere, or a refusal."""
        for folder in ("/usr/local/lib", "/etc/perl"):
            if self._has(folder, module):
                return f"{module} is in {folder}"
        if place := self._has(f"/usr/lib/{self._target}/perl5", module):
            return self._compiled(place, module)
        for folder in (*self._extra, _SHARED):
            path = f"{folder}/{module}"
            with self._tree.opened(path) as file:
                if file is None:
                    continue
                package = equality.unchanged(self._database, self._tree.real(path), file)
            if isinstance(package, Unequal):
                return f"{path}: {package.reason}"
            return path, self._tree.content(path)
        return None

    def _compiled(self, folder: str, module: str) -> str | None:
        """Why there is no equal one in the kit of a module that is compiled for the target."""
        path, own = f"{folder}/{module}", folder.replace(self._target, self._host)
        if module not in _COMPILED:
            return f"{module} is in {folder}"
        package = equality.unchanged_at(self._database, self._tree, path)
        if isinstance(package, Unequal):
            return f"{path}: {package.reason}"
        owned = self._stock.owner(self._stock.real(f"{own}/{module}"))
        if owned is None or not equality.same_source(package, owned.package):
            return f"the {self._stock.kit.name} kit has no {package.name} {package.version}"
        self._folders.add(own)
        return None

    def _has(self, folder: str, module: str) -> str:
        """The folder, or one for a version in it, that has a module; empty if there is none."""
        inside = (f"{folder}/{one}" for one in self._tree.entries(folder))
        places = (one for one in (folder, *inside) if self._tree.identity(f"{one}/{module}"))
        return next(places, "")

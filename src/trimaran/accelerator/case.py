"""One program against one kit: whether they are equal, and how the stand-in is started."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec

from trimaran.accelerator import charsets, equality, offloading, perl, python
from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.copies import Copies
from trimaran.accelerator.equality import Unequal
from trimaran.accelerator.kits import Stock
from trimaran.accelerator.launching import Start, launch
from trimaran.accelerator.matching import Match
from trimaran.accelerator.packages import Database, Package
from trimaran.accelerator.patching import UnpatchableError
from trimaran.accelerator.plugins import Plugins
from trimaran.accelerator.trees import Tree


class Settings(msgspec.Struct, frozen=True):
    """What holds for all programs of a build and platform.

    Attributes:
        own: the folder for changed copies; the container sees it at `CONTROL`/own.
        swaps_bytes: target and host have different byte orders, and so have files of locales.
        same_width: they have one size of a pointer.
        compatible: equal versions of upstream suffice.
    """

    own: Path
    swaps_bytes: bool
    same_width: bool
    compatible: bool

    @property
    def same_numbers(self) -> bool:
        """Whether target and host have one byte order and one size of a pointer."""
        return self.same_width and not self.swaps_bytes


class Script(msgspec.Struct, frozen=True):
    """A script that a program is asked to run: its true path in the root, and it, open."""

    path: str
    file: int


class _Refusal(Exception):  # noqa: N818  it is an answer
    def __init__(self, reason: str, *, settled: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.settled = settled


class Case(msgspec.Struct, frozen=True):
    """A program that a row of the table counts for.

    Attributes:
        path: its true path in the root.
        tree: the root.
        database: its packages.
        match: the row.
        package: which owns the program, which is unchanged.
        settings: the build's.
        script: what the program is asked to run, if that was asked.
    """

    path: str
    tree: Tree
    database: Database
    match: Match
    package: Package
    settings: Settings
    script: Script | None = None

    def answer(self, stock: Stock) -> Answer:
        """What becomes of it, if stand-ins come from one kit."""
        try:
            return self._native(stock)
        except _Refusal as refusal:
            return Emulate(self.path, refusal.reason, refusal.settled)

    def _native(self, stock: Stock) -> Native | Emulate:
        wanted = self.match.fill(self.match.rule.stand_in) or self.path
        stand_in = stock.real(wanted)
        if not stand_in:
            raise _Refusal(f"the {stock.kit.name} kit lacks {wanted}", settled=False)
        equal = equality.compare(
            self.database,
            self.package,
            stock,
            stand_in,
            compatible=self.settings.compatible,
            optional=self.match.rule.optional,
        )
        if isinstance(equal, Unequal):
            why = equal.reason, equal.settled
            return Emulate(self.path, *why, unequal=True, outdated=equal.outdated)
        package = f"{self.package.name} {self.package.version}"
        if self.match.rule.kind == "scripts" and self.script is None:
            options = tuple(map(self.match.fill, self.match.rule.options))
            return Native(self.path, "", package, options, equal.exact)
        more = self._offloading()
        behind = (*map(self.match.fill, self.match.rule.behind), *more.behind)
        start = self._start(stock, stand_in)
        fields = launch(start, (*self._fields(stock, told=not start.folders), *more.fields), behind)
        if isinstance(fields, str):
            raise _Refusal(fields)
        calls = self._calls()
        exact = equal.exact and not (calls == "rust" and self.settings.compatible)
        return Native(self.path, start.seen, package, fields, exact, calls)

    def _calls(self) -> str:
        calls = self.match.rule.calls
        return "" if calls == "ld" and self.settings.same_width else calls

    def _start(self, stock: Stock, stand_in: str) -> Start:
        copies = Copies(self.settings.own, self.path, self.tree, self.match, stock)
        try:
            seen, folders = copies.program(stand_in), copies.libraries(stand_in)
        except UnpatchableError as error:
            raise _Refusal(f"cannot be made to say the target's name: {error}") from error
        judged = self.match.rule.calls == "rust"
        return Start(stock, stand_in, seen, folders, copies.preload(), judged)

    def _fields(self, stock: Stock, *, told: bool) -> tuple[str, ...]:
        rule = self.match.rule
        # Files of locales have a byte order, and what converts from other character sets than UTF-8
        # is compiled for the target.
        locale = ("L",) if self.settings.swaps_bytes else ("U",)
        more = (() if self.settings.same_numbers else rule.numbers, rule.otherwise if told else ())
        filled = map(self.match.fill, (*rule.fields, *itertools.chain(*more)))
        own = (*self._plugin(stock), *self._script(stock), *self._conversions(stock))
        return (*locale, *filled, *own)

    def _conversions(self, stock: Stock) -> tuple[str, ...]:
        """What makes the C library find the kit's tables of character sets, if it has the same."""
        if not self.match.rule.converts:
            return ()
        words = self.match.words
        found = charsets.told(self.tree, words["folder"], stock, words["host_folder"])
        if isinstance(found, str):
            raise _Refusal(found, settled=False)
        return found

    def _offloading(self) -> offloading.Fields:
        rule, version = self.match.rule, self.match.words.get("gcc", "")
        if not rule.offloading:
            return offloading.Fields()
        return offloading.told(self.tree.content(self.path), version, rule.offloading)

    def _script(self, stock: Stock) -> tuple[str, ...]:
        if self.script is None:
            return ()
        scripts = self._scripts(stock)
        if reason := scripts.refusal(self.script.path, self.script.file):
            raise _Refusal(reason, settled=not self.database.busy)
        includes = scripts.includes()
        if isinstance(includes, str):
            raise _Refusal(includes, settled=False)
        return includes

    def _scripts(self, stock: Stock) -> perl.Scripts | python.Scripts:
        words = self.match.words
        if self.match.rule.language == "python":
            return python.Scripts(self.tree, self.database, words["python"])
        folders = (words["folder"], words["host_folder"])
        same = self.settings.same_numbers
        return perl.Scripts(self.tree, self.database, stock, folders, same_numbers=same)

    def _plugin(self, stock: Stock) -> tuple[str, ...]:
        rule, triplet = self.match.rule, self.match.words.get("triplet", "")
        if not rule.plugin:
            return ()
        settings = self.settings
        plugins = Plugins(
            self.tree,
            self.database,
            stock,
            triplet,
            swaps_bytes=settings.swaps_bytes,
            compatible=settings.compatible,
        )
        found = plugins.found() if rule.plugin == "found" else ()
        if found is None:
            raise _Refusal("the kit has no equal one of the plug-in that it loads")
        return (*plugins.named(), *found)

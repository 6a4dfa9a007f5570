"""Decides for each emulated program whether a native one runs in its place, and how."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from trimaran.accelerator import databases, equality
from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.case import Case, Script, Settings
from trimaran.accelerator.equality import Unequal
from trimaran.accelerator.kits import Kit, Stock
from trimaran.accelerator.matching import Matcher
from trimaran.accelerator.packages import Database
from trimaran.accelerator.releases import Releases
from trimaran.accelerator.rules import RULES, Rule
from trimaran.accelerator.targets import names_of
from trimaran.accelerator.trees import Tree
from trimaran.machines import Machine

__all__ = ["Judge", "Question", "Script"]

_PRELOAD = "/etc/ld.so.preload"
_KITS = {"cross": ("compiler",)}
_ANY_KIT = ("base", "compiler")


class Question(msgspec.Struct, frozen=True):
    """A program that is about to be emulated.

    Attributes:
        path: its true path in the container's root.
        program: its descriptor.
        argv0: the name that it is called by.
        root: the container's root as this process sees it.
        script: what it is asked to run, if that is what the answer depends on.
    """

    path: str
    program: int
    argv0: str
    root: Path
    script: Script | None = None


class Judge:
    """Answers questions of one build's steps for one platform. Safe in threads.

    Args:
        target: the CPU that is emulated.
        host: this machine's.
        kits: gives a kit by its name, base or compiler, when it is ready; None if there is none.
        own: the folder for changed copies; the container sees it at `CONTROL`/own.
        base: the folders of the base image's layers, base first.
        compatible: equal versions of upstream suffice.
    """

    def __init__(
        self,
        target: Machine,
        host: Machine,
        kits: Callable[[str], Kit | None],
        own: Path,
        *,
        base: Sequence[Path] = (),
        compatible: bool = False,
    ) -> None:
        swaps = target.big_endian != host.big_endian
        same_width = target.elf_class == host.elf_class
        self._settings = Settings(own, swaps, same_width, compatible)
        self._target, self._host = target, host
        self._kits = kits
        self._stocks: dict[Path, Stock] = {}
        self._lock = threading.Lock()
        self._memory = databases.Memory()
        self._releases = Releases(base)
        self._matchers: dict[str, Matcher] = {}

    def answer(self, question: Question) -> Answer:
        """What becomes of a program; where anything is in doubt, it is emulated."""
        try:
            return self._answer(question)
        except OSError as error:
            return Emulate(question.path, f"cannot be judged: {error}", settled=False)

    def prepare(self) -> None:
        """Read the kits' databases as soon as there are kits, before a container waits for that."""
        for name in _ANY_KIT:
            with suppress(OSError):
                if stock := self._stock(name):
                    stock.owner("/")

    def _answer(self, question: Question) -> Answer:
        if reason := _privileged(question.program):
            return Emulate(question.path, reason)
        with Tree(question.root) as tree:
            if tree.content(_PRELOAD).strip():
                return Emulate(question.path, f"{_PRELOAD} is in use", settled=False)
            database = databases.read(tree, self._memory)
            if database is None:
                return Emulate(question.path, "the image has no package database", settled=False)
            found = self._case(question, tree, self._releases.beside(database))
            return found if isinstance(found, Emulate) else self._by_kits(found)

    def _case(self, question: Question, tree: Tree, database: Database) -> Case | Emulate:
        path = question.path
        match = self._matcher(database.architecture).find(path)
        if match is None:
            return Emulate(path, "nothing is known of it")
        if reason := _exception(match.rule, database.manager) or self._differs(match.rule):
            return Emulate(path, reason)
        if question.script is not None and match.rule.kind != "scripts":
            return Emulate(path, "it was asked about a script, which it does not depend on")
        package = equality.unchanged(database, path, question.program)
        if isinstance(package, Unequal):
            return Emulate(path, package.reason, package.settled)
        if package.name not in match.packages:
            return Emulate(path, f"it is {package.name}'s, of which nothing is known")
        return Case(path, tree, database, match, package, self._settings, question.script)

    def _differs(self, rule: Rule) -> str:
        """Why a row does not count for this target, whose numbers have another form."""
        if rule.byte_order and self._settings.swaps_bytes:
            return rule.byte_order
        return rule.width if self._target.elf_class != self._host.elf_class else ""

    def _by_kits(self, case: Case) -> Answer:
        """The answer by the first kit that has an equal stand-in, or the last one's refusal."""
        refusal: Answer = Emulate(case.path, "there is no kit to take it from", settled=False)
        for name in _KITS.get(case.match.rule.kind, _ANY_KIT):
            stock = self._stock(name)
            if stock is None:
                continue
            refusal = case.answer(stock)
            if isinstance(refusal, Native):
                break
        return refusal

    def _stock(self, name: str) -> Stock | None:
        kit = self._kits(name)
        if kit is None:
            return None
        with self._lock:
            if kit.root not in self._stocks:
                self._stocks[kit.root] = Stock(kit, self._host.triplets[0])
            return self._stocks[kit.root]

    def _matcher(self, architecture: str) -> Matcher:
        if architecture not in self._matchers:
            names = names_of(self._target, self._host, architecture)
            self._matchers[architecture] = Matcher(RULES, names)
        return self._matchers[architecture]


def _exception(rule: Rule, manager: str) -> str:
    """Why a row is for no stand-in."""
    if rule.kind == "never":
        return rule.why
    elsewhere = rule.managers and manager not in rule.managers
    return f"nothing is known of it where {manager} installed it" if elsewhere else ""


def _privileged(program: int) -> str:
    """Why a program's powers forbid a stand-in, which would not have them."""
    status = os.fstat(program)
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file"
    if status.st_mode & (stat.S_ISUID | stat.S_ISGID):
        return "it runs with another user's rights"
    try:
        os.getxattr(program, "security.capability")
    except OSError:
        return ""
    return "it has capabilities"

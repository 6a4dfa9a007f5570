"""The row of the table that counts for a path, and the words that its templates stand for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

import msgspec

from trimaran.accelerator.table.rule import Rule
from trimaran.accelerator.targets import Names

_VERSION = r"[0-9]+(?:\.[0-9]+)*"
_PARTS = {
    "gcc": _VERSION,
    "go": _VERSION,
    "libexec": "libexec|lib",
    "llvm": "19",  # those whose default target was compared
    "toolchain": r"[\w.+-]+",
    "python": r"3\.1[1-9]",
}
_WORD = re.compile(r"\{(\w+)\}")


class Match(msgspec.Struct, frozen=True):
    """A row, and what its templates' words stand for in this path."""

    rule: Rule
    words: dict[str, str]

    def fill(self, template: str) -> str:
        """A template with its words put in."""
        return _WORD.sub(lambda found: self.words.get(found[1], found[0]), template)

    def fill_path(self, path: str) -> str:
        """Where the target has a library that is at `path` on the host."""
        host, target = self.words["host_folder"], self.words["folder"]
        return path.replace(f"/{host}/", f"/{target}/")

    @property
    def packages(self) -> tuple[str, ...]:
        """Whose the program must be."""
        return tuple(map(self.fill, self.rule.packages))


class Matcher:
    """Finds rows by path.

    Args:
        rules: the table; of two rows for a path the first one counts.
        names: what the target is called.
    """

    def __init__(self, rules: Sequence[Rule], names: Names) -> None:
        self._words = names.words
        self._folder = names.words["folder"]
        self._triplets = names.triplets
        self._exact: dict[str, Rule] = {}
        self._patterns: list[tuple[re.Pattern[str], Rule]] = []
        for rule in (one for one in rules if not one.targets or self._folder in one.targets):
            for program in rule.programs:
                if "{" in program:
                    self._patterns.append((self._pattern(program), rule))
                else:
                    self._exact.setdefault(program, rule)

    def find(self, path: str) -> Match | None:
        """The row of a true path from the container's root; /usr makes no difference."""
        path = path.removeprefix("/usr")
        if rule := self._exact.get(path):
            return Match(rule, self._words)
        for pattern, rule in self._patterns:
            if found := pattern.fullmatch(path):
                words = {**self._words, **found.groupdict(), "name": posixpath.basename(path)}
                words["multiarch"] = self._triplets.get(words.get("triplet", ""), "")
                return Match(rule, words)
        return None

    def _pattern(self, program: str) -> re.Pattern[str]:
        parts = {
            **_PARTS,
            "goarch": re.escape(self._words["goarch"]),
            "rust": re.escape(self._words["rust"]),
            "triplet": "|".join(map(re.escape, self._triplets)),
        }
        pieces = _WORD.split(program)
        return re.compile(
            "".join(
                f"(?P<{piece}>{parts[piece]})" if index % 2 else re.escape(piece)
                for index, piece in enumerate(pieces)
            )
        )

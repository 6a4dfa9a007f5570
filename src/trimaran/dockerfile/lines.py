"""A Dockerfile's text to its logical lines: directives, comments, continuations and heredocs.

Read as BuildKit's parser reads them, which the manual leaves open in places: white space before a
line is dropped but not before a continued one, comments and empty lines inside a continued
instruction are passed over, and an escape character that stands behind another continues nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from trimaran.dockerfile.instructions import Source

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*", re.ASCII)
_DIRECTIVES = ("syntax", "escape", "check")
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""What Go's unicode.IsSpace takes for white space."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_CONTINUED = {
    token: re.compile(rf"(?:(?<=[^{re.escape(token)}])|^){re.escape(token)}[ \t]*\Z")
    for token in ("\\", "`")
}


class LogicalLine(msgspec.Struct, frozen=True):
    """One instruction's text, its continued lines joined.

    Attributes:
        first, last: its lines, 1-based; of the instruction alone, without bodies of heredocs.
    """

    text: str
    first: int
    last: int


def directives(source: Source) -> dict[str, tuple[int, str]]:
    """The parser directives at the top of a Dockerfile: each one's line and value, by its name.

    Raises:
        DockerfileError: one is given twice, or the escape character is none.
    """
    found: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(source.lines, 1):
        match = _DIRECTIVE.fullmatch(line.rstrip("\r").lstrip(SPACES))
        if match is None or match[1].lower() not in _DIRECTIVES:
            break
        name, value = match[1].lower(), match[2]
        if name in found:
            cause = f"only one {name} parser directive can be used"
            raise source.error(cause, (number, number))
        if name == "escape" and value not in _CONTINUED:
            cause = f"invalid escape token '{value}' does not match ` or \\"
            raise source.error(cause, (number, number))
        found[name] = (number, value)
    return found


class Reader:
    """Reads the logical lines one by one; between two of them bodies of heredocs may be taken.

    Args:
        source: the Dockerfile.
        escape: the escape character.
    """

    def __init__(self, source: Source, escape: str) -> None:
        self._lines: list[str] = _LINE.findall(source.text.removeprefix("\ufeff"))
        self.escape = escape
        self.number = 0
        """The last line that was read."""
        self.empty: list[int] = []
        """The last lines of those instructions that are continued over an empty line."""

    def __iter__(self) -> Iterator[LogicalLine]:
        """The logical lines."""
        while (line := self._take()) is not None:
            opening = line.rstrip("\r\n").lstrip(SPACES)
            text, more = self._without_escape("" if opening.startswith("#") else opening)
            if not text and not more:
                continue
            first, has_empty = self.number, False
            while more and (line := self._take()) is not None:
                text_there = line.rstrip("\r\n")
                bare = text_there.lstrip(SPACES)
                if not bare or bare.startswith("#"):
                    has_empty = has_empty or not bare
                    continue
                added, more = self._without_escape(text_there)
                text += added
            if has_empty:
                self.empty.append(self.number)
            yield LogicalLine(text, first, self.number)

    def body(self, end: str, *, chomp: bool) -> str | None:
        """The lines up to the one that is `end`, line ends included; None if there is no such.

        Args:
            end: the heredoc's name.
            chomp: tabs before the end are passed over (`<<-`).
        """
        taken: list[str] = []
        while (line := self._take()) is not None:
            bare = line.rstrip("\r\n")
            if (bare.lstrip("\t") if chomp else bare) == end:
                return "".join(taken)
            taken.append(line)
        return None

    def _take(self) -> str | None:
        if self.number == len(self._lines):
            return None
        self.number += 1
        return self._lines[self.number - 1]

    def _without_escape(self, text: str) -> tuple[str, bool]:
        """The text without a final escape character, and whether there was one."""
        found = _CONTINUED[self.escape].search(text)
        return (text[: found.start()], True) if found else (text, False)

"""Words of an instruction: quotes, escapes and variables, as the Dockerfile reference has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec
from e2b_dockerfile_utils import ShellLex

from trimaran.dockerfile.instructions import Line

_ALL_STARS = re.compile(r"\$\{(\w+)//(\*+)/")
"""A replacement of all by a pattern that matches even nothing."""


class Watched(Mapping[str, str]):
    """An environment that remembers which names were asked for.

    Attributes:
        matched: those that it has.
        missed: those that it lacks.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.matched: set[str] = set()
        self.missed: set[str] = set()

    def __getitem__(self, name: str) -> str:
        (self.matched if name in self._environment else self.missed).add(name)
        return self._environment[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


class Expander(msgspec.Struct, frozen=True):
    """Expands words with an environment; a variable that is not set gives nothing.

    Attributes:
        escape: the Dockerfile's escape character.
        line: whose words they are, for errors.
    """

    escape: str
    environment: Mapping[str, str]
    line: Line

    def word(self, word: str) -> str:
        """One word out of one: white space in values is kept.

        Raises:
            DockerfileError: quotes or braces are open, a modifier is unknown, or `:?` refused.
        """
        try:
            return self._lexer().process_word(self._once(word))
        except (ValueError, re.error, RecursionError) as error:
            raise self._fault(word, error) from error

    def text(self, text: str) -> str:
        """A heredoc's text: quotes stay, and a backslash escapes whatever the escape directive.

        Raises:
            DockerfileError: as `word`, for braces and modifiers.
        """
        lexer = ShellLex("\\", skip_process_quotes=True, env=self.environment, skip_unset_env=False)
        try:
            return lexer.process_word(text)
        except (ValueError, re.error, RecursionError) as error:
            cause = str(error).removeprefix(f"failed to process {text!r}: ")
            raise self.line.error(f"cannot expand the heredoc: {cause}") from error

    def words(self, word: str) -> list[str]:
        """Words out of one: unquoted white space in values separates.

        Raises:
            DockerfileError: as `word`.
        """
        try:
            return self._lexer().process_words(self._once(word))
        except (ValueError, re.error, RecursionError) as error:
            raise self._fault(word, error) from error

    def _once(self, word: str) -> str:
        """`${NAME//*/x}` as `${NAME/*/x}`, unless it is quoted: the whole value is replaced once.

        So it is in Go, where an empty match just behind another one does not count; in Python, in
        which the lexer is written, the rest that is empty would be replaced as well.
        """
        if not _ALL_STARS.search(word) or _ALL_STARS.search(self._lexer().process_word(word)):
            return word
        return _ALL_STARS.sub(r"${\1/\2/", word)

    def _lexer(self) -> ShellLex:
        return ShellLex(self.escape, env=self.environment, skip_unset_env=False)

    def _fault(self, word: str, error: Exception) -> Exception:
        cause = str(error).removeprefix(f"failed to process {word!r}: ")
        return self.line.error(f"cannot expand {word}: {cause}")

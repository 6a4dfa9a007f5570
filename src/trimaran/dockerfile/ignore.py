"""Ignore files: which of a context's paths are left out.

The rules are those of the Dockerfile reference, section ".dockerignore file": `NAME.dockerignore`
beside the Dockerfile wins over `.dockerignore` in the context's root. Reading is the caller's.
"""

from __future__ import annotations

import warnings

import msgspec
from e2b_dockerfile_utils import PatternMatcher

from trimaran.errors import ContextError

IGNORE_FILE = ".dockerignore"


class Ignore(msgspec.Struct, frozen=True):
    """An ignore file's patterns.

    Attributes:
        path: the file, for messages.
        patterns: cleaned, those that include again begin with `!`.
    """

    path: str
    patterns: tuple[str, ...]
    matcher: PatternMatcher

    def excludes(self, path: str) -> bool:
        """Whether `path`, relative to the context and with slashes, is left out."""
        return self.matcher.matches(path)

    def may_include_below(self, folder: str) -> bool:
        """Whether something below the excluded `folder` may be included again by a `!` pattern."""
        return self.matcher.may_match_under(folder)


def candidates(dockerfile_name: str) -> tuple[str, ...]:
    """The names of the files that may apply, the first that exists counts.

    The first stands beside the Dockerfile, the last in the context's root.
    """
    return (f"{dockerfile_name}{IGNORE_FILE}", IGNORE_FILE)


def parse(text: str, path: str) -> Ignore:
    """Read an ignore file.

    Args:
        text: the file's text; a byte order mark is left out.
        path: the file's name, for messages.

    Raises:
        ContextError: a pattern is malformed; its line is named.
    """
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    for number, line in enumerate(lines, 1):
        _check(line, number, path)
    matcher = _compile(lines)
    return Ignore(path, tuple(matcher.patterns), matcher)


def _compile(lines: list[str]) -> PatternMatcher:
    # Python warns of `[[`, which may mean something else one day; here it is a plain bracket.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return PatternMatcher(lines)


def _check(line: str, number: int, path: str) -> None:
    try:
        _compile([line])
    except ValueError as error:
        raise ContextError(
            f"{path}:{number}: {line.strip()!r} is not a pattern",
            "a pattern has * ? ** and [a-z]; a leading ! includes again; # begins a comment",
        ) from error

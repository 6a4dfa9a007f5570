"""Ignore files: which of a context's paths are left out.

The rules are those of the Dockerfile reference, section ".dockerignore file": `NAME.dockerignore`
beside the Dockerfile wins over `.dockerignore` in the context's root. Reading is the caller's.
"""

from __future__ import annotations

import warnings

from e2b_dockerfile_utils import PatternMatcher

from trimaran.errors import ContextError

IGNORE_FILE = ".dockerignore"


def parse(text: str, path: str) -> PatternMatcher:
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
    return _compile(lines)


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

"""Which of two versions of a Debian package is the older one: deb-version(7)."""

from __future__ import annotations

import re

_PARTS = re.compile(r"(\D*)(\d*)")
_Part = tuple[tuple[int, ...], int]


def is_older(one: str, other: str) -> bool:
    """Whether a version comes before another."""
    return _split(one) < _split(other)


def _split(version: str) -> tuple[int, list[_Part], list[_Part]]:
    epoch, colon, rest = version.partition(":")
    number = int(epoch) if colon and epoch.isdecimal() else 0
    upstream, _, revision = (rest if colon else version).rpartition("-")
    if not upstream:
        upstream, revision = revision, ""
    return number, _parts(upstream), _parts(revision or "0")


def _parts(text: str) -> list[_Part]:
    """What is no digit and what is one, in turn; compared as they are, but for the end.

    A tilde comes before the end, the end before letters, letters before what is none.
    """
    return [(_ranks(word), int(digits or "0")) for word, digits in _PARTS.findall(text)]


def _ranks(word: str) -> tuple[int, ...]:
    return (*(_rank(character) for character in word), 0)


def _rank(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256

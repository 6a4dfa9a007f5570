"""The hint for a misspelt word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is likely a slip of; empty if none is near."""
    by_case = {option.lower(): option for option in known}
    near = difflib.get_close_matches(word.lower(), by_case, n=1)
    return by_case[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean X?` for the nearest known word, or the known words."""
    options = list(dict.fromkeys(known))
    if near := nearest(word, options):
        return f"did you mean {near}?"
    return f"known: {', '.join(options)}" if options else ""

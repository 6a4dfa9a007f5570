"""The hint for a misspelt word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean X?` for the nearest known word, or the known words."""
    options = list(dict.fromkeys(known))
    by_case = {option.lower(): option for option in options}
    near = difflib.get_close_matches(word.lower(), by_case, n=1)
    if near:
        return f"did you mean {by_case[near[0]]}?"
    return f"known: {', '.join(options)}" if options else ""

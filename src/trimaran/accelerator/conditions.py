"""Whether an answer's conditions make a call an emulated one, as the interpreter finds it out.

The interpreter tells only how often it was so. Where it matters of which call, this is asked; the
tests hold it beside `refuses` of native/answer.c.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

_PLAIN = (b"", b"C", b"POSIX")
_UTF8 = re.compile(rb"[^.]*\.(?:UTF|utf)-?8(?:@.*)?", re.DOTALL)


_WORDS = {
    "n": "{} is among its arguments",
    "m": "an argument begins with {}",
    "g": "{} is not among its arguments",
    "t": "{} is more than once among its arguments",
    "w": "an argument ends with {}",
    "b": "it is called {}",
    "q": "its environment lacks {}",
    "z": "{} is set",
    "h": "{} is not set",
    "L": "its locale is not C",
    "U": "its locale is neither C nor one of UTF-8",
    "s": "it runs no script that could be judged",
}


def refusal(fields: Sequence[str], argv: Sequence[bytes], environment: Sequence[bytes]) -> str:
    """The first condition among an answer's fields that holds for a call; empty if none does.

    Args:
        fields: of the answer; those that are no conditions do not count.
        argv: of the call, argv[0] first.
        environment: of the call, `NAME=value`.
    """
    for field in _counting(fields, argv):
        text = os.fsencode(field[1:])
        if _by_arguments(field[0], text, argv) or _by_environment(field[0], text, environment):
            return field
    return ""


def in_words(field: str) -> str:
    """What a condition says, for people; `s` is that of an answer that asks for a script."""
    return _WORDS[field[0]].format(field[1:])


def _counting(fields: Sequence[str], argv: Sequence[bytes]) -> Iterator[str]:
    """The fields that count for these arguments, which `i` and `o` decide."""
    counts = True
    for field in fields:
        if field[0] in "io":
            listed = os.fsencode(field[1:]).split(b",")
            found = any(_is_listed(word, listed) for word in argv[1:])
            counts = found == (field[0] == "i")
        elif counts:
            yield field


def _is_listed(word: bytes, listed: Sequence[bytes]) -> bool:
    return any(
        word.startswith(one[:-1]) if one.endswith(b"*") else bool(one) and word == one
        for one in listed
    )


def _by_arguments(kind: str, text: bytes, argv: Sequence[bytes]) -> bool:
    arguments = argv[1:]
    match kind:
        case "n":
            held = text in arguments
        case "m":
            held = any(one.startswith(text) for one in arguments)
        case "g":
            held = text not in arguments
        case "t":
            held = arguments.count(text) > 1
        case "w":
            held = any(one.endswith(text) for one in arguments)
        case "b":
            held = argv[0].rpartition(b"/")[2] == text if argv else not text
        case _:
            held = False
    return held


def _by_environment(kind: str, text: bytes, environment: Sequence[bytes]) -> bool:
    match kind:
        case "q":
            return text not in environment
        case "z":
            return any(one.startswith(text + b"=") for one in environment)
        case "h":
            values = (one for one in environment if one.startswith(text + b"="))
            return not next(values, b"=").partition(b"=")[2]
        case "L" | "U":
            return _has_locale(environment, utf8=kind == "U")
        case _:
            return False


def _is_plain(locale: bytes, *, utf8: bool) -> bool:
    return locale in _PLAIN or (utf8 and _UTF8.fullmatch(locale) is not None)


def _has_locale(environment: Sequence[bytes], *, utf8: bool) -> bool:
    values: dict[bytes, bytes] = {}
    for one in environment:
        name, is_set, value = one.partition(b"=")
        if is_set:
            values.setdefault(name, value)  # of two, the first counts, as for getenv(3)
    if every := values.get(b"LC_ALL"):
        return not _is_plain(every, utf8=utf8)
    if not _is_plain(values.get(b"LANG", b""), utf8=utf8):
        return True
    own = (one for one in environment if one.startswith(b"LC_"))
    return any(not _is_plain(one.partition(b"=")[2], utf8=utf8) for one in own)

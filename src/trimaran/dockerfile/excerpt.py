"""The lines of a Dockerfile around a fault, with a marker."""

from __future__ import annotations

_MARKED_LIMIT = 12
"""Of a longer instruction only the first lines are shown."""


def excerpt(source: str, lines: tuple[int, int], context: int = 2) -> str:
    r"""Lines `lines` of `source`, marked, and `context` lines around them.

    Args:
        source: the file's text.
        lines: first and last line, 1-based and inclusive; (0, 0) gives an empty text.
        context: how many lines before and after are shown.

    Returns:
        lines such as `   3 | >>> RUNN make`, joined by newlines.
    """
    first, last = lines
    texts = source.removeprefix("\ufeff").split("\n")
    last = min(last, len(texts))
    if first < 1 or first > last:
        return ""
    cut = min(last, first + _MARKED_LIMIT - 1)
    shown = range(max(1, first - context), cut + 1)
    drawn = [_draw(number, texts[number - 1], number >= first) for number in shown]
    if cut < last:
        drawn.append(f"     | ... to line {last}")
    end = len(texts) if texts[-1] else len(texts) - 1
    after = range(last + 1, min(end, last + context) + 1)
    drawn += [_draw(number, texts[number - 1], False) for number in after]
    return "\n".join(drawn)


def _draw(number: int, text: str, marked: bool) -> str:
    # A control character of the file must not reach the terminal as one.
    clean = "".join(ch if ch.isprintable() else "�" for ch in text.rstrip("\r").expandtabs(4))
    return f"{number:4} | {'>>>' if marked else '   '} {clean}".rstrip()

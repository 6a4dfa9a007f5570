"""The heredocs that a line names, as BuildKit's parser finds them."""

from __future__ import annotations

from collections.abc import Iterator

from e2b_dockerfile_utils import ShellLex, parse_heredoc

from trimaran.dockerfile.forms import Form
from trimaran.dockerfile.instructions import Heredoc

_HOLDERS = ("ADD", "COPY", "RUN")


def marked(word: str) -> Heredoc | None:
    """The heredoc, still without a text, that `word` as a whole names.

    Raises:
        ValueError: quotes in its name are open.
    """
    found = parse_heredoc(word)
    return Heredoc(found.name, "", found.chomp, found.expand) if found else None


def named_by(form: Form, text: str) -> Iterator[Heredoc]:
    """The heredocs, still without texts, whose texts follow a line.

    Args:
        form: the line, split.
        text: the line.

    Raises:
        ValueError: as `marked`.
    """
    holder = form.inner if form.keyword == "ONBUILD" and form.inner else form
    if holder.keyword in _HOLDERS and not holder.is_json and "<<" in text:
        yield from filter(None, map(marked, _words(text)))


def _words(text: str) -> list[str]:
    # Quotes and escapes stay, for `marked` to see them; the escape directive does not count.
    try:
        return ShellLex("\\", raw_quotes=True, raw_escapes=True).process_words(text)
    except ValueError:  # open quotes: the line may be right for a shell, and names no heredoc
        return []

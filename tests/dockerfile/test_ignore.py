from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.dockerfile import ignore
from trimaran.errors import ContextError


def test_patterns() -> None:
    text = "\ufeff# comment\r\n\r\n/top\n*.o\n!keep.o\n  docs/**  \n!docs/README.md\n#x\n"
    rules = ignore.parse(text, ".dockerignore")
    assert rules.patterns == ["top", "*.o", "!keep.o", "docs/**", "!docs/README.md"]
    excluded = ["top", "top/a", "a.o", "docs/a", "docs/b/c"]
    assert [path for path in excluded if not rules.matches(path)] == []
    included = ["x/top", "keep.o", "x/a.o", "docs/README.md", "docs", "#x", "comment"]
    assert [path for path in included if rules.matches(path)] == []
    assert rules.may_match_under("docs")
    assert not rules.may_match_under("top")


def test_all_but_some() -> None:
    rules = ignore.parse("*\n!src\nsrc/*.tmp\n", ".dockerignore")
    assert rules.matches("a")
    assert not rules.matches("src/a")
    assert rules.matches("src/a.tmp")


def test_a_bracket_in_brackets_is_plain() -> None:
    assert ignore.parse("[[]\n", "I").matches("[")


@pytest.mark.parametrize("pattern", ["[", "a[", "!", "[]a]", "a\\"])
def test_a_bad_pattern_is_named_with_its_line(pattern: str) -> None:
    with pytest.raises(ContextError, match=r"^\.dockerignore:2: ") as caught:
        ignore.parse(f"ok\n{pattern}\n", ".dockerignore")
    assert caught.value.hint


PATH = st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join)


@given(st.text(st.sampled_from("ab*?[]!/\\#.^- \n"), max_size=20), PATH)
def test_any_text_gives_an_answer_or_a_fault(text: str, path: str) -> None:
    try:
        rules = ignore.parse(text, "I")
    except ContextError:
        return
    assert rules.matches(path) in (True, False)
    assert rules.may_match_under(path) in (True, False)


@given(st.text("ab*?", min_size=1, max_size=5).filter(lambda t: "**" not in t), PATH)
def test_agrees_with_a_plain_model(pattern: str, path: str) -> None:
    """Without slashes a pattern is a shell pattern for the first name of a path."""
    first = path.split("/", 1)[0]
    if set(first) <= {"."}:
        return
    assert ignore.parse(pattern, "I").matches(path) == fnmatch.fnmatchcase(first, pattern)

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.errors import ContextError
from trimaran.executor import globs


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*", "", True),
        ("*.txt", "a.txt", True),
        ("*.txt", "a.txt.gz", False),
        ("*", ".hidden", True),
        ("h?me", "home", True),
        ("h?me", "hme", False),
        ("**", "any", True),
        ("[a-c]x", "bx", True),
        ("[a-c]x", "dx", False),
        ("[^a]x", "bx", True),
        ("[^a]x", "ax", False),
        ("[!a]x", "ax", True),
        ("[!a]x", "!x", True),
        ("[!a]x", "bx", False),
        ("[a^]", "^", True),
        ("[[]x", "[x", True),
        ("[\\]]x", "]x", True),
        ("[\\-a]", "-", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("a]", "a]", True),
        ("[c-a]", "b", False),
        ("[^c-a]", "b", True),
        ("[a-cx-z]", "y", True),
        ("a.b", "axb", False),
        ("*a*b*c", "aabbcc", True),
        ("?", "\n", True),
        ("[^a]", "ä", True),
    ],
)
def test_match(pattern: str, name: str, matches: bool) -> None:
    assert (globs.compile_component(pattern).fullmatch(name) is not None) == matches


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[]a]", "[^]", "[-a]", "[a-]", "a\\", "[a\\"])
def test_malformed(pattern: str) -> None:
    with pytest.raises(ContextError, match="malformed wildcard"):
        globs.compile_component(pattern)


@pytest.mark.parametrize(
    ("component", "wild"),
    [
        ("plain", False),
        ("a*", True),
        ("a?", True),
        ("[a]", True),
        ("a\\*", False),
        ("a\\\\*", True),
    ],
)
def test_has_wildcard(component: str, wild: bool) -> None:
    assert globs.has_wildcard(component) == wild


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1))
def test_a_quoted_name_matches_itself_only(name: str) -> None:
    pattern = re.sub(r"(.)", r"\\\1", name, flags=re.DOTALL)
    compiled = globs.compile_component(pattern)
    assert compiled.fullmatch(name)
    assert not compiled.fullmatch(name + "x")


@given(st.text("ab*?[]^-\\", max_size=8))
def test_only_stars_match_an_empty_name(pattern: str) -> None:
    try:
        compiled = globs.compile_component(pattern)
    except ContextError:
        return
    assert (compiled.fullmatch("") is not None) == (not pattern.strip("*"))

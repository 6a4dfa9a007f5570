from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trimaran.dockerfile.excerpt import excerpt

TEXT = "one\ntwo\nthree\n\nfive\n"


def test_the_lines_around() -> None:
    assert excerpt(TEXT, (3, 3)).splitlines() == [
        "   1 |     one",
        "   2 |     two",
        "   3 | >>> three",
        "   4 |",
        "   5 |     five",
    ]


def test_the_edges_and_the_context() -> None:
    assert excerpt(TEXT, (1, 2), context=0) == "   1 | >>> one\n   2 | >>> two"
    assert excerpt(TEXT, (5, 9), context=1) == "   4 |\n   5 | >>> five\n   6 | >>>"
    assert excerpt(TEXT, (0, 0)) == ""
    assert excerpt(TEXT, (9, 9)) == ""


@given(st.text(), st.integers(0, 9), st.integers(0, 30), st.integers(0, 3))
def test_only_printable_characters_are_shown(
    text: str, first: int, more: int, context: int
) -> None:
    drawn = excerpt(text, (first, first + more), context)
    assert all(line.isprintable() for line in drawn.split("\n"))

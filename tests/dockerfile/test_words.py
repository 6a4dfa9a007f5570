from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.dockerfile.instructions import Line, Source
from trimaran.dockerfile.words import Expander
from trimaran.errors import DockerfileError

LINE = Line(Source("Dockerfile", "FROM a\nUSER x\n"), (2, 2), "USER x")


def expander(**environment: str) -> Expander:
    return Expander("\\", environment, LINE)


@pytest.mark.parametrize(
    ("word", "expanded"),
    [
        ("$A", "1"),
        ("${A}b", "1b"),
        ("$N", ""),
        ("${N:-d}", "d"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${A:+s}", "s"),
        ("${N:+s}", ""),
        ("${A:?no}", "1"),
        ("'$A'", "$A"),
        ('"$A"', "1"),
        ("\\$A", "$A"),
        ("${P#*/}", "b/c.tar.gz"),
        ("${P##*/}", "c.tar.gz"),
        ("${P%.*}", "a/b/c.tar"),
        ("${P%%.*}", "a/b/c"),
        ("${P/b/x}", "a/x/c.tar.gz"),
        ("${P//[/x}", "a/b/c.tar.gz"),
        ("a b", "a b"),
        ("$", "$"),
    ],
)
def test_words(word: str, expanded: str) -> None:
    assert expander(A="1", E="", P="a/b/c.tar.gz").word(word) == expanded


def test_one_word_to_several() -> None:
    assert expander(A="1 2").words('$A "$A" x') == ["1", "2", "1 2", "x"]


@pytest.mark.parametrize("word", ["'", '"x', "${", "${}", "${A", "${A:?}", "${A?e}", "${A^}"])
def test_faults_bear_their_line(word: str) -> None:
    with pytest.raises(DockerfileError, match="cannot expand") as caught:
        expander().word(word)
    assert (caught.value.path, caught.value.lines) == ("Dockerfile", (2, 2))


ALPHABET = st.text(st.sampled_from("aA_1 ${}:-+?#%/\\'\"`*[]<>\t\n.é"), max_size=30)


@given(ALPHABET, st.dictionaries(st.sampled_from("aA_1"), ALPHABET), st.sampled_from("\\`"))
def test_expansion_gives_text_or_a_fault(
    word: str, environment: dict[str, str], escape: str
) -> None:
    expand = Expander(escape, environment, LINE)
    for way in (expand.word, expand.words):
        with contextlib.suppress(DockerfileError):
            assert isinstance(way(word), str | list)


@given(st.text(st.characters(exclude_characters="$\\'\"<", exclude_categories=["Cs"])))
def test_plain_text_stays(text: str) -> None:
    assert expander(A="1").word(text) == text

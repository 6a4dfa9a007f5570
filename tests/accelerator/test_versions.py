"""The order of versions, beside dpkg's own."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimaran.accelerator.versions import is_older

DIGITS = st.integers(0, 30).map(str)
BETWEEN = st.sampled_from(
    ("", ".", "+", "~", "~~", "a", "deb", "+b", "-", "+deb13u", "~rc", "0", ".")
)
VERSION = st.builds(
    lambda epoch, number, rest: f"{epoch}{number}{''.join(map(''.join, rest))}",
    st.sampled_from(("", "0:", "1:")),
    DIGITS,
    st.lists(st.tuples(BETWEEN, DIGITS), max_size=4),
)


def dpkg_says(one: str, other: str) -> bool:
    words = ("dpkg", "--compare-versions", one, "lt", other)
    return subprocess.run(words, check=False).returncode == 0


@settings(max_examples=300, deadline=None)
@given(VERSION, VERSION)
def test_it_is_dpkgs(one: str, other: str) -> None:
    assert is_older(one, other) == dpkg_says(one, other)
    assert is_older(other, one) == dpkg_says(other, one)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2.47.3-0", "2.47.3-0+deb13u1"),
        ("12.2.0-14", "12.2.0-14+deb12u1"),
        ("1.0~rc1-1", "1.0-1"),
        ("9-1", "10-1"),
        ("2.0-1", "1:1.0-1"),
        ("1.0", "1.0-1"),
        ("1.0a", "1.0+"),
        ("1.0-9", "1.0-10"),
    ],
)
def test_an_update_is_newer(older: str, newer: str) -> None:
    assert is_older(older, newer)
    assert not is_older(newer, older)
    assert not is_older(newer, newer)


def test_a_revision_of_nothing_is_none() -> None:
    assert not is_older("1.0", "1.0-0")
    assert not is_older("1.0-0", "1.0")

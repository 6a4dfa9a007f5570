"""WWW-Authenticate in the forms that registries use, and in none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.registry import challenges
from trimaran.registry.challenges import Basic, Bearer, Challenge

NAME = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
VALUE = st.text('abcXYZ09 ,="\\:/.?&', max_size=20)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            'Bearer realm="https://a/t",service="s"',
            [("bearer", {"realm": "https://a/t", "service": "s"})],
        ),
        ("bearer Realm=x , SERVICE = y", [("bearer", {"realm": "x", "service": "y"})]),
        ('Basic realm="a, b"', [("basic", {"realm": "a, b"})]),
        ("Basic", [("basic", {})]),
        (
            'Basic realm="x", Bearer realm="y"',
            [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})],
        ),
        ("Negotiate abc==, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        ("Negotiate, Basic", [("negotiate", {}), ("basic", {})]),
        (r'Basic realm="say \"hi\""', [("basic", {"realm": 'say "hi"'})]),
        ('Bearer realm="x",realm="y"', [("bearer", {"realm": "x"})]),
        ("", []),
        (', ,"', []),
    ],
)
def test_a_header_is_read(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    found = challenges.parse([header])
    assert [(challenge.scheme, dict(challenge.parameters)) for challenge in found] == expected


@given(st.lists(st.text() | st.text('Bearer ,="\\a', max_size=40), max_size=3))
def test_nothing_crashes_the_parser(headers: list[str]) -> None:
    challenges.offers(headers)


@given(st.lists(st.tuples(NAME, st.dictionaries(NAME, VALUE, max_size=4)), min_size=1, max_size=3))
def test_what_is_written_is_read(written: list[tuple[str, dict[str, str]]]) -> None:
    def quote(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = ", ".join(
        f"{scheme} " + ",".join(f"{name}={quote(value)}" for name, value in parameters.items())
        for scheme, parameters in written
    )
    assert challenges.parse([header]) == tuple(Challenge(*one) for one in written)


def test_bearer_comes_first_and_needs_a_realm() -> None:
    bearer = 'Bearer realm="https://a/t",service="s",scope="repository:x:pull repository:y:pull"'
    scopes = frozenset({"repository:x:pull", "repository:y:pull"})
    assert challenges.offers(["Basic", "Digest x=y", "Bearer", bearer]) == (
        Bearer("https://a/t", "s", scopes),
        Basic(),
    )

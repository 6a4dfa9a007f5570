"""Link headers in the forms that registries use, and in none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.registry.links import next_query


@pytest.mark.parametrize(
    ("link", "query"),
    [
        ('</v2/app/tags/list?n=2&last=b>; rel="next"', "n=2&last=b"),
        ("</v2/app/tags/list?last=b>;rel=next", "last=b"),
        ('<?last=b>; title="more"; Rel="NEXT"', "last=b"),
        ('</a?first>; rel="prev", </a?last=c>; rel="next"', "last=c"),
        ('<https://other.example/v2/app/tags/list?last=b>; rel="next"', "last=b"),
        ('</a?last=c>; rel="nextish"', ""),
        ('</a?last=c>; rel="prev"', ""),
        ('<http://[/a?last=c>; rel="next"', ""),
        ("", ""),
    ],
)
def test_the_next_page(link: str, query: str) -> None:
    assert next_query(link) == query


@given(st.text() | st.text('<>;="relnext ?,/[', max_size=60))
def test_nothing_crashes_it(link: str) -> None:
    next_query(link)

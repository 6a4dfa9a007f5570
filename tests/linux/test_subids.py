from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trimaran.linux import subids
from trimaran.linux.subids import Range, Row

TEXT = "ann:100000:65536\nbob:165536:65536\n1000:300000:10\n\n# odd\nann:x:1\nann:1\nann:5:0\n"
ranges = st.lists(st.builds(Range, st.integers(0, 2**31), st.integers(1, 2**20)), max_size=8)


def test_parse_by_name_and_id() -> None:
    assert subids.parse(TEXT, ("ann", "1000")) == (Range(100000, 65536), Range(300000, 10))
    assert subids.parse(TEXT, ("eve", "1001")) == ()
    assert len(subids.parse(TEXT)) == 3


@given(st.text(max_size=60))
def test_parse_takes_any_text(text: str) -> None:
    assert all(one.count > 0 for one in subids.parse(text))


def test_free_starts_where_useradd_does() -> None:
    assert subids.free(()) == Range(100000, 65536)
    taken = (Range(165536, 65536), Range(100000, 65536))
    assert subids.free(taken) == Range(231072, 65536)


@given(ranges)
def test_free_meets_nothing(taken: list[Range]) -> None:
    found = subids.free(taken)
    assert all(found.end <= one.first or one.end <= found.first for one in taken)


def test_user_rows_are_contiguous_inside() -> None:
    assert subids.user_rows(1000, [Range(100000, 65536), Range(300000, 10)]) == (
        Row(0, 1000, 1),
        Row(1, 100000, 65536),
        Row(65537, 300000, 10),
    )


def test_identity_rows_keep_every_known_id() -> None:
    text = "         0       1000          1\n         1     100000      65536\n"
    assert subids.identity_rows(text) == (Row(0, 0, 1), Row(1, 1, 65536))


def test_the_initial_namespaces_row_is_cut_so_that_runc_sees_a_user_namespace() -> None:
    rows = subids.identity_rows("         0          0 4294967295\n")
    assert rows == (Row(0, 0, 65536), Row(65536, 65536, 4294901759))

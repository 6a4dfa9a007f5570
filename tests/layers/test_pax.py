from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.layers import pax

KEYS = st.binary(min_size=1, max_size=20).filter(lambda key: b"=" not in key)


@given(st.dictionaries(KEYS, st.binary(max_size=200)))
def test_records_are_read_as_they_were_written(records: dict[bytes, bytes]) -> None:
    assert pax.decode(pax.encode(records)) == records


@pytest.mark.parametrize("size", range(85, 105))
def test_a_record_counts_its_own_length(size: int) -> None:
    record = pax.encode({b"k": b"v" * size})
    assert int(record.partition(b" ")[0]) == len(record)


def test_the_character_set_comes_before_what_it_governs() -> None:
    data = pax.encode({b"a": b"1", b"hdrcharset": b"BINARY"})
    assert data.index(b"hdrcharset") < data.index(b"a=1")


LINES = st.text("0123456789 =\na", max_size=30).map(str.encode)


@given(st.binary(max_size=60) | LINES)
def test_garbage_is_an_error_or_records(data: bytes) -> None:
    try:
        records = pax.decode(data)
    except ValueError:
        return
    assert all(records)


@pytest.mark.parametrize(
    "data",
    [b"x", b"5 a=b\n", b"7 a=b\n", b"6 a=bc", b"6 abc\n", b"5 =b\n", b"a=b\n"],
)
def test_malformed_records_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="malformed PAX record"):
        pax.decode(data)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        (b"1", 1_000_000_000),
        (b"1.5", 1_500_000_000),
        (b"-1.5", -1_500_000_000),
        (b"0.0000000019", 1),
        (b"7.", 7_000_000_000),
    ],
)
def test_times_have_fractions_and_signs(text: bytes, ns: int) -> None:
    assert pax.decode_time(text) == ns


@pytest.mark.parametrize("text", [b"", b"x", b"1e3", b"--1", b".5"])
def test_malformed_times_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="malformed PAX time"):
        pax.decode_time(text)


def test_malformed_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="malformed PAX number"):
        pax.decode_number(b"-1")

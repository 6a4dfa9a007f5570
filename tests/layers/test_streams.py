from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.layers.streams import ByteStream, chunks


@given(st.lists(st.binary(max_size=9)), st.lists(st.integers(0, 12)))
def test_any_amounts_come_out_of_any_chunks(pieces: list[bytes], counts: list[int]) -> None:
    whole = io.BytesIO(b"".join(pieces))
    stream = ByteStream(iter(pieces))
    for count in counts:
        expected = whole.read(count)
        if len(expected) < count:
            with pytest.raises(EOFError):
                stream.take(count)
            break
        assert stream.take(count) == expected
    stream.drain()
    assert stream.at_end()


def test_skipping_past_the_end_is_an_error() -> None:
    with pytest.raises(EOFError):
        ByteStream(iter([b"abc"])).skip(4)


def test_a_file_and_chunks_are_sources() -> None:
    assert b"".join(chunks(io.BytesIO(b"abc"))) == b"abc"
    assert list(chunks([b"a", b"bc"])) == [b"a", b"bc"]

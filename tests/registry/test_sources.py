"""A blob's bytes from any offset, opened again only to go back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import digests
from trimaran.errors import ImageError
from trimaran.oci.models import Descriptor
from trimaran.registry.sources import BlobSource, SourceFailed


class Blob:
    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.times = 0

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        self.times += 1
        yield iter(self.chunks)

    @property
    def descriptor(self) -> Descriptor:
        data = b"".join(self.chunks)
        return Descriptor("x/y", digests.of(data), len(data))


@given(st.lists(st.binary(max_size=9), max_size=6), st.integers(1, 7))
def test_parts_in_order_are_one_pass(chunks: list[bytes], step: int) -> None:
    blob = Blob(*chunks)
    data = b"".join(chunks)
    source = BlobSource(blob.descriptor, blob.open)
    parts = [
        b"".join(source.part(at, min(step, len(data) - at))) for at in range(0, len(data), step)
    ]
    assert b"".join(parts) == data
    assert blob.times == (1 if data else 0)


@given(
    st.binary(min_size=1, max_size=40), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)))
)
def test_any_part_can_be_had(data: bytes, wanted: list[tuple[int, int]]) -> None:
    blob = Blob(data[:7], data[7:])
    source = BlobSource(blob.descriptor, blob.open)
    for first, second in wanted:
        begin = first % len(data)
        length = second % (len(data) - begin + 1)
        assert b"".join(source.part(begin, length)) == data[begin : begin + length]


def test_a_part_that_was_left_half_way_does_not_disturb_the_next() -> None:
    blob = Blob(b"abc", b"def", b"ghi")
    source = BlobSource(blob.descriptor, blob.open)
    left = source.part(0, 9)
    assert next(left) == b"abc"
    again = source.part(0, 9)
    assert next(again) == b"abc"
    del left
    assert b"".join(again) == b"defghi"


def test_wrong_bytes_fail_before_the_last_ones_leave() -> None:
    source = BlobSource(Blob(b"abc", b"def").descriptor, Blob(b"abc", b"dEf").open)
    passed: list[bytes] = []
    with pytest.raises(SourceFailed) as caught:
        passed.extend(source.part(0, 6))
    assert isinstance(caught.value.__cause__, ImageError)
    assert passed == [b"abc"]

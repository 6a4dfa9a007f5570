from __future__ import annotations

import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.layers import headers
from trimaran.layers.headers import Header

NAMES = st.binary(min_size=1, max_size=100).filter(lambda name: b"\0" not in name)
SIZES = st.integers(0, 8**11 - 1)
IDS = st.integers(0, 0o7777777)


HEADERS = st.builds(
    Header, NAMES, st.just(b"0"), st.integers(0, 0o7777), IDS, IDS, SIZES, SIZES, NAMES
)


@given(HEADERS)
def test_a_header_is_read_as_it_was_written(header: Header) -> None:
    assert headers.decode(headers.encode(header)) == header


def test_a_long_name_is_split_at_a_slash() -> None:
    name = b"d" * 155 + b"/" + b"f" * 100
    assert headers.decode(headers.encode(Header(name, b"0"))).name == name
    assert headers.split_name(b"d" * 156 + b"/" + b"f") is None
    assert headers.split_name(b"d" + b"/" + b"f" * 101) is None
    assert headers.split_name(b"x" * 100 + b"/") is None


def test_a_slash_at_the_end_does_not_split() -> None:
    name = b"d" * 50 + b"/" + b"f" * 60 + b"/"
    assert headers.split_name(name) == (b"d" * 50, b"f" * 60 + b"/")


@pytest.mark.parametrize("value", [8**11, 2**40, -1, -(2**40)])
def test_base_256_numbers_are_read(value: int) -> None:
    info = tarfile.TarInfo("f")
    info.mtime = value
    assert headers.decode(info.tobuf(tarfile.GNU_FORMAT)).mtime_s == value


def test_a_wrong_checksum_is_refused() -> None:
    block = bytearray(headers.encode(Header(b"f", b"0")))
    block[0] ^= 1
    with pytest.raises(ValueError, match="checksum"):
        headers.decode(bytes(block))


def test_a_signed_checksum_is_taken() -> None:
    block = headers.encode(Header(b"\xff\xfe", b"0"))
    signed = int(block[148:154], 8) - 2 * 256
    assert headers.decode(block[:148] + b"%06o\0 " % signed + block[156:]).name == b"\xff\xfe"


@given(st.binary(min_size=512, max_size=512))
def test_garbage_is_refused(block: bytes) -> None:
    with pytest.raises(ValueError, match=r"checksum|number"):
        headers.decode(block)

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable, Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from trimaran.errors import LayerError
from trimaran.layers.decompression import decompressed
from trimaran.layers.entries import Entry
from trimaran.layers.writer import END, encode

DATA = random.Random(1).randbytes(300_000) + bytes(2_000_000) + b"end"  # noqa: S311
SKIPPABLE_FRAME = b"\x5a\x2a\x4d\x18\x03\0\0\0abc"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "skippable": lambda data: SKIPPABLE_FRAME + zstandard.compress(data),
}
each_format = pytest.mark.parametrize("pack", list(PACKERS.values()), ids=list(PACKERS))


def opened(data: bytes, chunk_bytes: int) -> bytes:
    chunks = (data[at : at + chunk_bytes] for at in range(0, len(data), chunk_bytes))
    return b"".join(decompressed(chunks, "x"))


@each_format
@pytest.mark.parametrize("chunk_bytes", [1 << 20, 1000])
def test_formats_are_told_by_content(pack: Callable[[bytes], bytes], chunk_bytes: int) -> None:
    assert opened(pack(DATA), chunk_bytes) == DATA


@each_format
def test_single_bytes_are_enough(pack: Callable[[bytes], bytes]) -> None:
    assert opened(pack(b"a few words"), 1) == b"a few words"


@each_format
def test_members_in_a_row_are_one_stream(pack: Callable[[bytes], bytes]) -> None:
    assert opened(pack(b"one") + pack(b"") + pack(DATA), 777) == b"one" + DATA


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_chunks_stay_small(pack: Callable[[bytes], bytes]) -> None:
    sizes = [len(piece) for piece in decompressed(iter([pack(bytes(8 << 20))]), "x")]
    assert sum(sizes) == 8 << 20
    assert max(sizes) <= 1 << 20


def test_zeros_after_gzip_are_padding() -> None:
    assert opened(gzip.compress(b"data") + bytes(1024), 100) == b"data"


@each_format
def test_a_cut_stream_is_an_error(pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(LayerError, match="x: the compressed data is cut short"):
        opened(pack(DATA)[:-30], 1000)


@each_format
def test_a_damaged_stream_is_an_error(pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(DATA))
    packed[6:4000] = bytes(3994)
    with pytest.raises(LayerError, match=r"x: the compressed data is (damaged|cut short)"):
        opened(bytes(packed), 1 << 20)


def test_garbage_after_gzip_is_an_error() -> None:
    with pytest.raises(LayerError, match="damaged"):
        opened(gzip.compress(b"data") + b"garbage that is no member", 1 << 20)


@given(st.binary(max_size=40), st.integers(1, 9))
def test_anything_else_passes_as_it_is(data: bytes, chunk_bytes: int) -> None:
    assert opened(b"\0" + data, chunk_bytes) == b"\0" + data


def test_a_short_file_is_plain() -> None:
    assert opened(b"", 1) == b""
    assert opened(b"\x1f", 1) == b"\x1f"


def test_a_reader_that_fails_is_not_called_damaged() -> None:
    def broken() -> Iterator[bytes]:
        yield gzip.compress(DATA)[:1000]
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        list(decompressed(broken(), "x"))


@pytest.mark.parametrize("name", [b"BZh9 notes", b"\xfd7zXZ\0", b"\x1f\x8b"])
def test_a_plain_archive_is_not_told_by_its_first_name(name: bytes) -> None:
    archive = encode(Entry(name.rstrip(b"\0"), "file")) + END
    assert opened(archive, 100) == archive

from __future__ import annotations

import gzip
import itertools
import os
import random
from typing import get_args

import pytest
import zstandard
from isal import isal_zlib

from trimaran.errors import LayerError
from trimaran.layers.compression import BLOCK_BYTES, compressor
from trimaran.layers.decompression import decompressed
from trimaran.oci import media_types
from trimaran.request import Compression

SIZES = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 9 * BLOCK_BYTES + 7]


def sample(size: int) -> bytes:
    numbers = random.Random(size)  # noqa: S311
    words = [numbers.randbytes(11) for _ in range(50)]
    return b"".join(numbers.choices(words, k=size // 11 + 1))[:size]


def compressed(data: bytes, compression: Compression, level: int | None = None) -> bytes:
    chosen, _ = compressor(compression, level)
    blocks = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]
    try:
        return b"".join([*map(chosen.compress, blocks), chosen.finish()])
    finally:
        chosen.close()


@pytest.mark.parametrize(
    ("compression", "size"), [*itertools.product(get_args(Compression), SIZES)]
)
def test_what_was_compressed_comes_back(compression: Compression, size: int) -> None:
    data = sample(size)
    packed = compressed(data, compression)
    assert b"".join(decompressed(iter([packed]), "x")) == data
    assert packed == compressed(data, compression)


def test_gzip_is_one_plain_member_for_all_readers() -> None:
    data = sample(3 * BLOCK_BYTES)
    packed = compressed(data, "gzip")
    assert gzip.decompress(packed) == data
    one = isal_zlib.decompressobj(31)
    assert one.decompress(packed) == data
    assert one.eof
    assert packed[3:8] == bytes(5)  # no name, no time


def test_zstd_is_one_frame() -> None:
    data = sample(3 * BLOCK_BYTES)
    one = zstandard.ZstdDecompressor().decompressobj()
    assert one.decompress(compressed(data, "zstd")) == data
    assert one.eof


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_the_number_of_cores_changes_nothing(
    compression: Compression, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sample(5 * BLOCK_BYTES)
    results = set()
    for cores in (1, 2, 64):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        results.add(compressed(data, compression))
    assert len(results) == 1


def test_media_types_follow_the_compression() -> None:
    kinds = {name: compressor(name)[1] for name in get_args(Compression)}
    assert kinds == {
        "gzip": media_types.LAYER_GZIP,
        "zstd": media_types.LAYER_ZSTD,
        "uncompressed": media_types.LAYER,
    }


def test_an_abandoned_compressor_leaves_no_work() -> None:
    chosen, _ = compressor("gzip")
    chosen.compress(sample(BLOCK_BYTES))
    chosen.close()
    with pytest.raises((RuntimeError, LayerError)):
        chosen.compress(b"more")


LEVELS: list[tuple[Compression, int]] = [
    *(("gzip", level) for level in range(10)),
    *(("zstd", level) for level in (0, 1, 3, 19, 22)),
]


@pytest.mark.parametrize(("compression", "level"), LEVELS)
def test_a_level_changes_the_size_and_never_the_content(
    compression: Compression, level: int
) -> None:
    data = sample(2 * BLOCK_BYTES + 5)
    packed = compressed(data, compression, level)
    assert b"".join(decompressed(iter([packed]), "x")) == data
    assert packed == compressed(data, compression, level)
    _, media_type = compressor(compression, level)
    assert media_type == compressor(compression)[1]


def test_higher_levels_are_smaller_and_none_is_ours() -> None:
    data = sample(2 * BLOCK_BYTES)
    sizes = [len(compressed(data, "gzip", level)) for level in (0, 1, 9)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > len(data)  # zlib's 0 stores
    assert len(compressed(data, "zstd", 19)) < len(compressed(data, "zstd", 1))
    assert compressed(data, "zstd") == compressed(data, "zstd", 0) == compressed(data, "zstd", 3)
    assert compressed(data, "uncompressed", 9) == data

"""Content encodings: undone in bounded pieces, or refused."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply

from trimaran.errors import RegistryError
from trimaran.registry import encodings

PIECE_BYTES = 1 << 20


@given(st.binary(max_size=5000), st.integers(1, 500), st.booleans())
def test_what_was_encoded_is_had_back(data: bytes, step: int, zipped: bool) -> None:
    sent = gzip.compress(data) if zipped else zlib.compress(data)
    chunks = [sent[at : at + step] for at in range(0, len(sent), step)]
    assert b"".join(encodings.decoded(chunks, "GZip" if zipped else "deflate")) == data


def test_no_piece_is_large() -> None:
    pieces = list(encodings.decoded([gzip.compress(bytes(50 * PIECE_BYTES))], "gzip"))
    assert sum(map(len, pieces)) == 50 * PIECE_BYTES
    assert max(map(len, pieces)) <= PIECE_BYTES


@pytest.mark.parametrize(
    ("encoding", "match"), [("br", "'br'"), ("gzip, gzip", "gzip, gzip"), ("gzip", "not in its")]
)
def test_what_cannot_be_undone_is_an_error(scripted: Scripted, encoding: str, match: str) -> None:
    registry = scripted(lambda _: Reply(headers={"Content-Encoding": encoding}, body=b"no gzip"))
    with registry.remote() as remote, pytest.raises(RegistryError, match=match):
        remote.read("manifests/1", 1000)


def test_a_small_answer_that_expands_over_the_limit_is_given_up(scripted: Scripted) -> None:
    bomb = gzip.compress(bytes(100 * PIECE_BYTES))
    registry = scripted(lambda _: Reply(headers={"Content-Encoding": "gzip"}, body=bomb))
    with registry.remote() as remote, pytest.raises(RegistryError, match="over the limit"):
        remote.read("manifests/1", 4 * PIECE_BYTES)

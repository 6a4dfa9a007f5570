"""Digests: the grammar, and that no wrong byte passes the check of a stream."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import digests
from trimaran.errors import ImageError

CHUNKS = st.lists(st.binary(max_size=50), max_size=8)


@given(st.text())
def test_checking_gives_the_digest_or_its_error(text: str) -> None:
    if digests.is_digest(text):
        assert digests.check(text) == text
    else:
        with pytest.raises(ImageError):
            digests.check(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "sha256:", "sha256:" + "0" * 63, "sha256:" + "0" * 65, "sha256:" + "A" * 64),
        *("sha512:" + "0" * 64, "md5:" + "0" * 32, "sha256:" + "0" * 64 + "\n", "0" * 64),
    ],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    assert not digests.is_digest(text)


@given(CHUNKS, st.sampled_from(["sha256", "sha512"]))
def test_right_bytes_pass_unchanged(chunks: list[bytes], algorithm: str) -> None:
    data = b"".join(chunks)
    digest = f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
    assert digests.is_digest(digest)
    assert list(digests.verified(chunks, digest, len(data))) == chunks


def test_of_is_the_sha256() -> None:
    assert digests.of(b"abc") == "sha256:" + hashlib.sha256(b"abc").hexdigest()


@given(CHUNKS, st.binary(max_size=60))
def test_other_bytes_are_found(chunks: list[bytes], other: bytes) -> None:
    data = b"".join(chunks)
    digest = digests.of(other)
    if other == data:
        assert b"".join(digests.verified(chunks, digest, len(other))) == data
    else:
        with pytest.raises(ImageError):
            list(digests.verified(chunks, digest, len(other)))


def test_the_first_byte_too_many_ends_the_stream() -> None:
    passed: list[bytes] = []
    with pytest.raises(ImageError, match="longer than its 4 bytes"):
        passed.extend(digests.verified(iter([b"abcd", b"e", b"f"]), digests.of(b"abcd"), 4))
    assert passed == [b"abcd"]


def test_a_cut_is_named() -> None:
    with pytest.raises(ImageError, match="ended after 2 of 4 bytes"):
        list(digests.verified([b"ab"], digests.of(b"abcd"), 4))

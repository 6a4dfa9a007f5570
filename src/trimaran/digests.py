"""Digests of content, as the OCI image-spec writes them (descriptor.md, section Digests)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from trimaran.errors import ImageError

_GRAMMAR = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")


def is_digest(text: str) -> bool:
    """Whether `text` is a digest of a registered algorithm (sha256 or sha512)."""
    return _GRAMMAR.fullmatch(text) is not None


def check(text: str) -> str:
    """Give back `text` if it is a digest.

    Raises:
        ImageError: it is none.
    """
    if not is_digest(text):
        raise ImageError(f"{text!r} is not a digest", "a digest is sha256: and 64 hex digits")
    return text


def of(data: bytes) -> str:
    """The sha256 digest of `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def verified(chunks: Iterable[bytes], digest: str, size_bytes: int) -> Iterator[bytes]:
    """Pass chunks on and fail at the end, or at the first byte too many, if they are not `digest`.

    Raises:
        ImageError: the content's size or digest is another one.
    """
    algorithm, _, expected = check(digest).partition(":")
    hasher = hashlib.new(algorithm)
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > size_bytes:
            raise ImageError(f"{digest} is longer than its {size_bytes} bytes")
        hasher.update(chunk)
        yield chunk
    if seen != size_bytes:
        raise ImageError(f"{digest} ended after {seen} of {size_bytes} bytes")
    if hasher.hexdigest() != expected:
        raise ImageError(f"{digest} holds other bytes: {algorithm}:{hasher.hexdigest()}")

"""Undoing a content encoding, a bounded piece at a time (RFC 9110, section 8.4.1).

The HTTP client's own decoding gives all that one read expands to: a megabyte may be a gigabyte.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from trimaran.errors import RegistryError

_PIECE_BYTES = 1 << 20
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_KNOWN = frozenset({"gzip", "x-gzip", "deflate"})


def is_encoded(encoding: str) -> bool:
    """Whether a Content-Encoding says that the body is another one than meant."""
    return encoding.strip().lower() not in ("", "identity")


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body as it was before it was encoded, in pieces of at most a megabyte.

    Args:
        chunks: the body as sent.
        encoding: its Content-Encoding; `identity` was asked for, and some send gzip all the same.

    Raises:
        RegistryError: the encoding is another one, or the body is not in it.
    """
    if encoding.strip().lower() not in _KNOWN:
        raise RegistryError(f"the answer has the content encoding {encoding!r}, not asked for")
    inflater = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                yield inflater.decompress(rest, _PIECE_BYTES)
                rest = inflater.unconsumed_tail
            if inflater.eof:
                return
        yield inflater.flush()
    except zlib.error as error:
        raise RegistryError(f"the answer is not in its content encoding: {error}") from error

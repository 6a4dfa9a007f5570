"""The 512-byte header block of a tar entry: V7, ustar (POSIX), star and GNU forms."""

from __future__ import annotations

import struct

import msgspec

BLOCK_BYTES = 512
ZEROS = bytes(BLOCK_BYTES)

_LAYOUT = struct.Struct("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x")
_USTAR = b"ustar\x0000"
_OCTAL_DIGITS = b"01234567"
_SPACES = b" " * 8
_NAME_BYTES = 100
_PREFIX_BYTES = 155
_STAR_PREFIX_BYTES = 131


class Header(msgspec.Struct, frozen=True):
    """The fields of one block; `typeflag` is one byte, times are whole seconds."""

    name: bytes
    typeflag: bytes
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_s: int = 0
    link: bytes = b""
    major: int = 0
    minor: int = 0


def split_name(name: bytes) -> tuple[bytes, bytes] | None:
    """`name` as ustar's prefix and name fields; None if it needs a PAX record."""
    if len(name) <= _NAME_BYTES:
        return b"", name
    slash = name.rfind(b"/", 0, min(_PREFIX_BYTES + 1, len(name) - 1))
    if slash > 0 and len(name) - slash - 1 <= _NAME_BYTES:
        return name[:slash], name[slash + 1 :]
    return None


def fits(value: int, width: int) -> bool:
    """Whether a number fits an octal field of `width` bytes with its NUL."""
    return 0 <= value < 1 << 3 * (width - 1)


def encode(header: Header) -> bytes:
    """The ustar block.

    Numbers that do not `fit` are written as 0 and long names are cut: PAX records before the block
    tell the true ones.
    """
    prefix, name = split_name(header.name) or (b"", header.name[:_NAME_BYTES])
    block = _LAYOUT.pack(
        name,
        _octal(header.mode, 8),
        _octal(header.uid, 8),
        _octal(header.gid, 8),
        _octal(header.size, 12),
        _octal(header.mtime_s, 12),
        _SPACES,
        header.typeflag,
        header.link[:_NAME_BYTES],
        _USTAR,
        b"",
        b"",
        _octal(header.major, 8),
        _octal(header.minor, 8),
        prefix,
    )
    return b"%b%06o\0 %b" % (block[:148], sum(block), block[156:])


def _octal(value: int, width: int) -> bytes:
    return b"%0*o\0" % (width - 1, value if fits(value, width) else 0)


def decode(block: bytes) -> Header:
    """Read one block.

    Raises:
        ValueError: the checksum or a number is wrong.
    """
    fields = _LAYOUT.unpack(block)
    _check_sum(block, fields[6])
    typeflag = fields[7]
    device = typeflag in (b"3", b"4") and fields[9].startswith(b"ustar")
    return Header(
        _full_name(block, fields[0], fields[14]),
        typeflag,
        _number(fields[1]) & 0o7777,
        _number(fields[2]),
        _number(fields[3]),
        _number(fields[4]),
        _number(fields[5]),
        _text(fields[8]),
        _number(fields[12]) if device else 0,
        _number(fields[13]) if device else 0,
    )


def _check_sum(block: bytes, field: bytes) -> None:
    stored = _number(field)
    unsigned = sum(block) - sum(field) + sum(_SPACES)
    if stored == unsigned:
        return
    # Some historic writers summed signed bytes.
    rest = block[:148] + block[156:]
    if stored != unsigned - 256 * sum(byte > 127 for byte in rest):  # noqa: PLR2004
        raise ValueError("wrong header checksum")


def _full_name(block: bytes, name: bytes, prefix: bytes) -> bytes:
    # GNU's magic is "ustar  ": it keeps times where ustar has the prefix.
    if block[257:263] != b"ustar\0" or not prefix[0]:
        return _text(name)
    if block[508:512] == b"tar\0":
        prefix = prefix[:_STAR_PREFIX_BYTES]
    return _text(prefix) + b"/" + _text(name)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        # GNU's base-256: the first bit marks it, the rest is a two's complement number.
        negative = field[0] & 0x40
        value = int.from_bytes(field, "big") & ((1 << (len(field) * 8 - 1)) - 1)
        return value - (1 << (len(field) * 8 - 1)) if negative else value
    digits = field.partition(b"\0")[0].strip(b" ")
    if not digits:
        return 0
    if digits.translate(None, _OCTAL_DIGITS):
        raise ValueError("malformed number in a header")
    return int(digits, 8)

"""Foreign files that an image carries on purpose: firmware, cross toolchains, test data.

They are allowed by a pattern of their path and a reason: `PATTERN=REASON`, a line each, in the
image's label `trimaran.audit.allow` or in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from trimaran.errors import UsageError

LABEL = "trimaran.audit.allow"
_PIECE = re.compile(r"\*\*/?|\*|\?|[^*?]+")


class Allowance(msgspec.Struct, frozen=True, order=True):
    """A pattern of absolute paths and why what it matches is let pass.

    In a pattern `*` stands for any characters but a slash, `**` for any at all, `?` for one. One
    that ends in a slash means all below that folder.
    """

    pattern: str
    reason: str

    def matches(self, path: str) -> bool:
        pattern = self.pattern if self.pattern.startswith("/") else f"/{self.pattern}"
        pattern += "**" if pattern.endswith("/") else ""
        return (
            re.fullmatch("".join(map(_regex, _PIECE.findall(pattern))), path, re.DOTALL) is not None
        )


BUILT_IN = (
    Allowance("/lib/firmware/", "firmware is for devices"),
    Allowance("/usr/lib/firmware/", "firmware is for devices"),
)


def parse(text: str) -> Allowance:
    """Read `PATTERN=REASON`.

    Raises:
        UsageError: it is malformed, or gives no reason.
    """
    pattern, equals, reason = text.partition("=")
    if not pattern.strip() or not equals or not reason.strip():
        raise UsageError(
            f"{text!r} allows nothing",
            "write PATTERN=REASON, such as '/usr/lib/gcc-cross/=cross compilers'",
        )
    return Allowance(pattern.strip(), reason.strip())


def parse_lines(text: str) -> tuple[Allowance, ...]:
    """Read a file's or label's lines; empty ones and those that begin with # are passed over.

    Raises:
        UsageError: a line is malformed.
    """
    lines = (line.strip() for line in text.splitlines())
    return tuple(parse(line) for line in lines if line and not line.startswith("#"))


def of_labels(labels: Mapping[str, str] | None) -> tuple[Allowance, ...]:
    """What an image's own label allows.

    Raises:
        UsageError: the label is malformed.
    """
    return parse_lines((labels or {}).get(LABEL, ""))


def reason_for(path: str, allowances: Iterable[Allowance]) -> str:
    """Why a file is let pass; empty if it is not."""
    return next((one.reason for one in (*BUILT_IN, *allowances) if one.matches(path)), "")


def _regex(piece: str) -> str:
    match piece:
        case "**" | "**/":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _:
            return re.escape(piece)

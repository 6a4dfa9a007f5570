"""What a registry asks for in WWW-Authenticate (RFC 9110 section 11.6.1, RFC 6750 section 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for a name
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))')
_SCHEME = re.compile(rf"({_TOKEN})(?:\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$)))?")
_SEPARATORS = re.compile(r"[\s,]*")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate; `scheme` and the parameters' names are in lower case."""

    scheme: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token of the service at the URL `realm` is wanted, for these `scopes`."""

    realm: str
    service: str = ""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Basic:
    """A user's name and password are wanted."""


def parse(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """All challenges of all WWW-Authenticate headers; what is malformed is skipped.

    RFC 9110, section 11.6.1: several may stand in one header, and commas in quotes.
    """
    return tuple(challenge for header in headers for challenge in _parse_header(header))


def offers(headers: Iterable[str]) -> tuple[Bearer | Basic, ...]:
    """The challenges that a registry client can meet, Bearer first.

    Docker token authentication specification, How to authenticate; one without a realm names no
    service and is passed over.
    """
    found: list[Bearer | Basic] = []
    for challenge in parse(headers):
        realm = challenge.parameters.get("realm", "")
        if challenge.scheme == "bearer" and realm:
            service = challenge.parameters.get("service", "")
            scopes = frozenset(challenge.parameters.get("scope", "").split())
            found.append(Bearer(realm, service, scopes))
        elif challenge.scheme == "basic":
            found.append(Basic())
    return tuple(sorted(found, key=lambda offer: isinstance(offer, Basic)))


def _parse_header(header: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while (at := _end(_SEPARATORS, header, at)) < len(header):
        if found and (parameter := _PARAMETER.match(header, at)):
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
            found[-1][1].setdefault(name.lower(), value)
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            found.append((scheme[1].lower(), {}))
            at = scheme.end()
        else:
            at += 1
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at

"""Bearer tokens from a registry's token service (distribution-spec's token authentication).

Without a login or with a password the service is asked by GET, with an identity token by POST
(OAuth 2's refresh_token grant, RFC 6749 section 6).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from trimaran.errors import RegistryError, UnauthorizedError
from trimaran.registry import refusals
from trimaran.registry.answers import Page
from trimaran.registry.challenges import Bearer
from trimaran.registry.credentials import Credentials
from trimaran.registry.transport import Request

LIMIT_BYTES = 1 << 20
_DEFAULT_LIFE_S = 60.0
_USED_PART_OF_LIFE = 0.9

Fetch = Callable[[Request], Page]
"""Sends a request that may be repeated, and gives back the whole answer."""


@dataclass(frozen=True, slots=True)
class Token:
    """`stale_at` is in seconds of the monotonic clock: a little before the token's end."""

    value: str = field(repr=False)
    stale_at: float

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.stale_at


class _TokenAnswer(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


def fetch_token(
    fetch: Fetch, bearer: Bearer, scopes: frozenset[str], credentials: Credentials | None
) -> Token:
    """Ask the service that `bearer` names for a token.

    Raises:
        UnauthorizedError: the service refused the login, or to give a token without one.
        RegistryError: it failed, or gave no token.
    """
    page = fetch(_request(bearer, sorted(scopes), credentials))
    if page.status in (401, 403):
        raise UnauthorizedError(_said(bearer, page), status=page.status)
    if page.status != 200:  # noqa: PLR2004
        raise RegistryError(_said(bearer, page), status=page.status)
    try:
        answer = msgspec.json.decode(page.body, type=_TokenAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _TokenAnswer()
    value = answer.token or answer.access_token or ""
    if not _sendable(value):
        raise RegistryError(f"the token service {bearer.realm} gave no token")
    life_s = answer.expires_in or _DEFAULT_LIFE_S
    return Token(value, time.monotonic() + life_s * _USED_PART_OF_LIFE)


def basic_header(credentials: Credentials) -> str:
    """The Authorization of a name and a password (RFC 7617, in UTF-8)."""
    login = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(login).decode()}"


def _request(bearer: Bearer, scopes: list[str], credentials: Credentials | None) -> Request:
    fields = [("service", bearer.service)] if bearer.service else []
    if credentials and credentials.identity_token:
        fields += [
            ("grant_type", "refresh_token"),
            ("client_id", "trimaran"),
            ("refresh_token", credentials.identity_token),
            ("scope", " ".join(scopes)),
        ]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request("POST", bearer.realm, form, urlencode(fields).encode())
    headers: Mapping[str, str] = {}
    if credentials:
        fields.append(("account", credentials.username))
        headers = {"Authorization": basic_header(credentials)}
    fields += [("scope", scope) for scope in scopes]
    return Request("GET", _with_query(bearer.realm, fields), headers)


def _with_query(url: str, fields: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit(parts._replace(query=query))


def _said(bearer: Bearer, page: Page) -> str:
    said = refusals.describe(page).replace("the registry", "the token service", 1)
    return f"{said} ({urlsplit(bearer.realm).netloc})"


def _sendable(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()

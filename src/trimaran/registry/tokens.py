"""Bearer tokens from a registry's token service.

Without a login or with a password the service is asked by GET (Docker token authentication
specification, Requesting a Token), with an identity token by POST (Docker OAuth2 token
specification, refresh_token grant; RFC 6749, section 6).
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
_CLIENT = "trimaran"
_REFUSED = frozenset({401, 403})
_NO_SUCH_METHOD = frozenset({404, 405})
_OK = 200
_BAD_REQUEST = 400

Fetch = Callable[[Request], Page]
"""Sends a request that may be repeated, and gives back the whole answer."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token.

    Attributes:
        value: never shown.
        stale_at: in seconds of the monotonic clock: a little before the token's end.
        identity_token: a new one that the service gave, or empty; never shown.
    """

    value: str = field(repr=False)
    stale_at: float
    identity_token: str = field(default="", repr=False)

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.stale_at


class _TokenAnswer(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None
    refresh_token: str | None = None


class _Refusal(msgspec.Struct, frozen=True):
    """How OAuth 2 refuses (RFC 6749, section 5.2)."""

    error: str = ""


def fetch_token(
    fetch: Fetch,
    bearer: Bearer,
    scopes: frozenset[str],
    credentials: Credentials | None,
    *,
    offline: bool = False,
) -> Token:
    """Ask the service that `bearer` names for a token.

    Docker token authentication specification, Requesting a Token and Token Response Fields; with
    an identity token, or where the service knows no GET, Docker OAuth2 token specification.

    Args:
        fetch: reaches the service.
        bearer: the registry's challenge.
        scopes: what the token must allow.
        credentials: the login; None for an anonymous token.
        offline: ask for an identity token as well, which stands in for the password from then on.

    Raises:
        UnauthorizedError: the service refused the login, or to give a token without one.
        RegistryError: it failed, or gave no token.
    """
    wanted = sorted(scopes)
    page = fetch(_request(bearer, wanted, credentials, offline=offline))
    if offline and credentials and page.status in _NO_SUCH_METHOD:
        page = fetch(_password_grant(bearer, wanted, credentials))
    if page.status in _REFUSED or _is_refused_grant(page):
        raise UnauthorizedError(_said(bearer, page), status=page.status)
    if page.status != _OK:
        raise RegistryError(_said(bearer, page), status=page.status)
    return _read(bearer, page)


def _read(bearer: Bearer, page: Page) -> Token:
    try:
        answer = msgspec.json.decode(page.body, type=_TokenAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _TokenAnswer()
    value = answer.token or answer.access_token or ""
    if not _sendable(value):
        raise RegistryError(f"the token service {bearer.realm} gave no token")
    life_s = answer.expires_in or _DEFAULT_LIFE_S
    stale_at = time.monotonic() + life_s * _USED_PART_OF_LIFE
    return Token(value, stale_at, answer.refresh_token or "")


def _is_refused_grant(page: Page) -> bool:
    if page.status != _BAD_REQUEST:
        return False
    try:
        return msgspec.json.decode(page.body, type=_Refusal).error == "invalid_grant"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def basic_header(credentials: Credentials) -> str:
    """The Authorization of a name and a password (RFC 7617, in UTF-8)."""
    login = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(login).decode()}"


def _request(
    bearer: Bearer, scopes: list[str], credentials: Credentials | None, *, offline: bool
) -> Request:
    if credentials and credentials.identity_token:
        grant = {"grant_type": "refresh_token", "refresh_token": credentials.identity_token}
        return _grant(bearer, scopes, grant)
    fields = [("service", bearer.service)] if bearer.service else []
    headers: Mapping[str, str] = {}
    if credentials:
        fields.append(("account", credentials.username))
        headers = {"Authorization": basic_header(credentials)}
        if offline:
            fields += [("client_id", _CLIENT), ("offline_token", "true")]
    fields += [("scope", scope) for scope in scopes]
    return Request("GET", _with_query(bearer.realm, fields), headers)


def _password_grant(bearer: Bearer, scopes: list[str], credentials: Credentials) -> Request:
    """RFC 6749, section 4.3.2, and Docker's access_type."""
    grant = {
        "grant_type": "password",
        "access_type": "offline",
        "username": credentials.username,
        "password": credentials.password,
    }
    return _grant(bearer, scopes, grant)


def _grant(bearer: Bearer, scopes: list[str], grant: Mapping[str, str]) -> Request:
    fields = {"service": bearer.service} if bearer.service else {}
    fields = {**fields, **grant, "client_id": _CLIENT, "scope": " ".join(scopes)}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", bearer.realm, form, urlencode(fields).encode())


def _with_query(url: str, fields: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit(parts._replace(query=query))


def _said(bearer: Bearer, page: Page) -> str:
    said = refusals.describe(page).replace("the registry", "the token service", 1)
    return f"{said} ({urlsplit(bearer.realm).netloc})"


def _sendable(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()

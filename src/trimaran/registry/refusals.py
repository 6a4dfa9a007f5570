"""Errors made of a registry's answers (OCI distribution spec, Error codes)."""

from __future__ import annotations

import http

import msgspec

from trimaran.errors import NotFoundError, RegistryError, TrimaranError
from trimaran.registry.answers import Answer, ConnectionLost, Page

_LIMIT_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 300


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    message: str | None = ""


class _Errors(msgspec.Struct, frozen=True):
    errors: tuple[_Error, ...] = ()


def whole(answer: Answer | Page) -> Page:
    """An answer with its body, which is dropped where it is too large or was cut."""
    if isinstance(answer, Page):
        return answer
    with answer:
        try:
            return answer.read(_LIMIT_BYTES)
        except (RegistryError, ConnectionLost):
            return Page(answer.url, answer.status, answer.headers, b"")


def codes(page: Page) -> frozenset[str]:
    """The error codes that the answer names, such as MANIFEST_UNKNOWN (the spec's Error codes)."""
    return frozenset(error.code for error in _errors(page))


def refusal(answer: Answer | Page, action: str) -> TrimaranError:
    """The error that an answer of the wrong status means.

    Args:
        answer: what the registry said.
        action: verb and subject, such as `read localhost:5000/app:1`.

    Returns:
        NotFoundError for 404, else RegistryError.
    """
    page = whole(answer)
    message = f"{action}: {describe(page)}"
    if page.status == http.HTTPStatus.NOT_FOUND:
        return NotFoundError(message)
    if page.status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return RegistryError(message, "wait, or log in: accounts have a higher limit", status=429)
    return RegistryError(message, status=page.status)


def describe(page: Page) -> str:
    """The answer in words: status, its name, and what the registry said about it."""
    said = "; ".join(f"{error.code} {error.message or ''}".strip() for error in _errors(page))
    try:
        name = f" {http.HTTPStatus(page.status).phrase}"
    except ValueError:
        name = ""
    return f"the registry answered {page.status}{name}" + (f": {_shown(said)}" if said else "")


def _errors(page: Page) -> tuple[_Error, ...]:
    try:
        return msgspec.json.decode(page.body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()


def _shown(text: str) -> str:
    # The text comes from outside: no control characters reach the terminal.
    return "".join(letter for letter in text if letter.isprintable())[:_SHOWN_CHARACTERS]

"""One file from the web: asked for by its validators, continued where the connection was cut.

RFC 9110: sections 8.8 (validators), 13 (conditional requests), 14 (ranges).
"""

from __future__ import annotations

import base64
import http
import re
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from trimaran.errors import ContextError, RegistryError, TrimaranError
from trimaran.registry import hosts
from trimaran.registry.answers import Answer, ConnectionLost
from trimaran.registry.retry import PASSING, RetryPolicy, retry_after_s
from trimaran.registry.transport import Request, Transport

_REDIRECT_LIMIT = 10
"""Go's net/http, which BuildKit uses, has the same."""
_PROGRESS_BYTES = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
_COMPRESSED = ("gzip", "x-gzip")
_REFUSED = frozenset({http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN})


class Asked(msgspec.Struct, frozen=True):
    """A URL, and what is known of it.

    Attributes:
        etag, last_modified: of the copy that is at hand, as the server gave them; empty for none.
        authorization: the header's value; empty for none.
    """

    url: str
    etag: str = ""
    last_modified: str = ""
    authorization: str = ""


class Received(msgspec.Struct, frozen=True):
    """What a server said of the file that it sent."""

    etag: str = ""
    last_modified: str = ""


class Sink(Protocol):
    """Takes a file's bytes; `size_bytes` is the whole, 0 if it is not known."""

    def start(self, size_bytes: int) -> None: ...
    def write(self, data: bytes) -> None: ...


class Web:
    """Fetches files, over plain HTTP too: who needs more names a checksum.

    Args:
        transport: one that may go anywhere (`hosts.ANYWHERE`).
        policy: what is tried again, how often and when.
    """

    def __init__(self, transport: Transport, policy: RetryPolicy) -> None:
        self._transport = transport
        self._policy = policy

    def fetch(self, asked: Asked, sink: Sink) -> Received | None:
        """Fetch a file.

        Args:
            asked: what, and which copy is at hand.
            sink: takes the bytes; it is started anew if the server cannot continue.

        Returns:
            What the server said of it; None if the copy at hand is still the same.

        Raises:
            ContextError: the server refused, failed too often, or is not trusted.
        """
        fetch = _Fetch(self._transport, self._policy, asked, sink)
        try:
            return fetch.run()
        except RegistryError as error:
            hint = error.hint if not isinstance(error, ConnectionLost) else ""
            raise ContextError(
                f"cannot download {shown(asked.url)}: {error.message}",
                hint or "check the address and the network",
            ) from error


def shown(url: str) -> str:
    """A URL for messages: neither a password nor a query, which may be as good as one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"//.*@", "//", url.partition("?")[0], flags=re.DOTALL)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


class _PassingError(Exception):
    """A status after which asking again may help."""

    def __init__(self, error: TrimaranError, wait_s: float) -> None:
        super().__init__(error.message)
        self.error = error
        self.wait_s = wait_s


@dataclass
class _Fetch:
    transport: Transport
    policy: RetryPolicy
    asked: Asked
    sink: Sink
    position: int = 0
    """Bytes that the sink has."""
    sent: Received = field(default_factory=Received)
    """What was said of the file that they are of."""
    answered: bool = False

    def run(self) -> Received | None:
        attempts = self.policy.attempts_left()
        while True:
            began = self.position
            try:
                return self._pass()
            except _PassingError as passing:
                attempts.wait(passing.error, passing.wait_s)
            except ConnectionLost as error:
                if attempts.tried >= self.policy.first_connects and not self.answered:
                    raise
                if self.position - began >= _PROGRESS_BYTES:
                    attempts.renew()
                attempts.wait(error)

    def _pass(self) -> Received | None:
        """The rest of the file, until its end or a cut."""
        with self.transport.send(self._request()) as answer:
            self.answered = True
            if answer.status == http.HTTPStatus.NOT_MODIFIED or self._is_at_hand(answer):
                return None
            self._begin(answer)
            compressed = answer.headers.get("Content-Encoding", "").lower() in _COMPRESSED
            for chunk in answer.chunks(decoded=compressed):
                self.position += len(chunk)
                self.sink.write(chunk)
            return self.sent

    def _request(self) -> Request:
        url, authorization = _without_login(self.asked.url)
        headers = {"Accept": "*/*"}
        if authorization or self.asked.authorization:
            headers["Authorization"] = self.asked.authorization or authorization
        if self.position and self._strong:
            headers |= {"Range": f"bytes={self.position}-", "If-Range": self._strong}
        elif not self.position:
            known = {
                "If-None-Match": self.asked.etag,
                "If-Modified-Since": self.asked.last_modified,
            }
            headers |= {name: value for name, value in known.items() if value}
        return Request("GET", url, headers, redirect_limit=_REDIRECT_LIMIT)

    @property
    def _strong(self) -> str:
        """What proves that a continuation is of the same file; a weak ETag does not (13.1.5)."""
        return "" if self.sent.etag.startswith("W/") else self.sent.etag

    def _is_at_hand(self, answer: Answer) -> bool:
        """Whether a server that passes over If-None-Match sends what is at hand."""
        etag = answer.headers.get("ETag", "").removeprefix("W/")
        known = self.asked.etag.removeprefix("W/")
        return answer.status == http.HTTPStatus.OK and bool(etag) and etag == known

    def _begin(self, answer: Answer) -> None:
        """Look at the status, and start or continue the sink."""
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT:
            found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if found and int(found[1]) == self.position:
                return
        if answer.status != http.HTTPStatus.OK:
            raise self._refusal(answer)
        headers = answer.headers
        self.sent = Received(headers.get("ETag", ""), headers.get("Last-Modified", ""))
        if headers.get("Content-Encoding"):
            # A range would count the bytes of the encoding, which are not those that are kept.
            self.sent = Received(f"W/{self.sent.etag.removeprefix('W/')}", self.sent.last_modified)
        length = headers.get("Content-Length", "")
        self.position = 0
        self.sink.start(int(length) if length.isdecimal() else 0)

    def _refusal(self, answer: Answer) -> Exception:
        status = answer.status
        said = f"{status} {_phrase(status)}".rstrip()
        message = f"cannot download {shown(answer.url)}: the server answered {said}"
        if status in PASSING or self.position:
            self.position = 0
            return _PassingError(ContextError(message), retry_after_s(answer.headers))
        hint = "check the address"
        if status in _REFUSED:
            host = hosts.origin(answer.url)[1]
            hint = f"give its token: --secret id=HTTP_AUTH_TOKEN_{host},src=FILE"
        return ContextError(message, hint)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _without_login(url: str) -> tuple[str, str]:
    """A URL without `user:password@`, and the header that stands for that (RFC 7617)."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RegistryError(f"malformed address: {error}") from error
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    name, _, password = login.partition(":")
    pair = f"{unquote(name)}:{unquote(password)}".encode()
    return parts._replace(netloc=host).geturl(), f"Basic {base64.b64encode(pair).decode()}"

"""A registry's answer: status, headers, and a body that is never read without a bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from trimaran.errors import RegistryError
from trimaran.registry import encodings

CHUNK_BYTES = 1 << 20
_DRAINED_BYTES = 16 * 1024


class ConnectionLost(RegistryError):  # noqa: N818 - what happened, as the callers read it
    """No answer, or one that was cut.

    Args:
        message: with whom, and why.
        hint: the way out.
        reached: the request may have been executed; False if no connection was made.
    """

    def __init__(self, message: str, hint: str = "", *, reached: bool) -> None:
        super().__init__(message, hint)
        self.reached = reached


@dataclass(frozen=True, slots=True)
class Page:
    """An answer whose whole body is at hand."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def close(self) -> None:
        """Do nothing: an answer is closed, and a page stands where an answer may."""


class Answer:
    """An answer whose body is still on the wire; closed by its `with`."""

    def __init__(self, url: str, response: BaseHTTPResponse) -> None:
        self.url = url
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def header_lines(self, name: str) -> list[str]:
        """The header's values, one for each time that it was sent."""
        return list(self._response.headers.getlist(name))

    def location(self) -> str:
        """The absolute URL of the Location header, empty if there is none (RFC 9110, 10.2.2).

        Raises:
            RegistryError: it is malformed.
        """
        location = self.headers.get("Location", "")
        try:
            return urljoin(self.url, location) if location else ""
        except ValueError as error:
            raise RegistryError(f"malformed address {location!r}: {error}") from error

    def chunks(self, *, decoded: bool = False) -> Iterator[bytes]:
        """The body in chunks, as sent or with its content encoding undone.

        Raises:
            ConnectionLost: the connection broke or fell silent before the body's end.
            RegistryError: the encoding cannot be undone.
        """
        encoding = self.headers.get("Content-Encoding", "")
        try:
            sent = self._response.stream(CHUNK_BYTES, decode_content=False)
            undone = decoded and encodings.is_encoded(encoding)
            yield from encodings.decoded(sent, encoding) if undone else sent
        except HTTPError as error:
            raise ConnectionLost(f"the answer was cut: {error}", reached=True) from error

    def read(self, limit_bytes: int) -> Page:
        """The whole body, its content encoding undone.

        Raises:
            RegistryError: it is over the limit.
            ConnectionLost: it was cut.
        """
        body = bytearray()
        for chunk in self.chunks(decoded=True):
            body += chunk
            if len(body) > limit_bytes:
                raise RegistryError(f"the answer is over the limit of {limit_bytes} bytes")
        return Page(self.url, self.status, self.headers, bytes(body))

    def close(self) -> None:
        """Give the connection back if little is left of the body, or end it."""
        rest = getattr(self._response, "length_remaining", None)
        if rest is not None and rest <= _DRAINED_BYTES:
            self._response.drain_conn()
        self._response.close()

"""One upload session of a blob: each of its requests, without any retry.

OCI distribution spec, Pushing blobs: "POST then PUT" and "Pushing a blob in chunks".
"""

from __future__ import annotations

import http
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from trimaran.errors import RegistryError, TrimaranError
from trimaran.oci.models import Descriptor
from trimaran.registry import downloads, refusals
from trimaran.registry.answers import Answer, ConnectionLost
from trimaran.registry.remote import Remote
from trimaran.registry.retry import PASSING, retry_after_s
from trimaran.registry.sources import BlobSource

CHUNK_BYTES = 16 << 20
"""The least in one request. Requests cost on a busy machine: 256 MiB took docker-registry 3.3 s by
16 MiB, 2.0 s by 64 and 1.4 s in one piece; on an idle one 0.8 to 1.0 s in each way."""
_PARTS = 4
_OCTETS = "application/octet-stream"
_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")
_STATUS_ANSWERS = frozenset({200, 202, 204})
_WAITING = frozenset({429, 503})
_LOST = PASSING | {404, 413, 416}
"""Answers after which another try may succeed: a passing failure, a session that is gone, a body
that is too large in one piece, an offset that the registry does not agree with."""
_LOST_CODES = frozenset(
    {
        "BLOB_UPLOAD_INVALID",
        "BLOB_UPLOAD_UNKNOWN",
        "DIGEST_INVALID",
        "RANGE_INVALID",
        "SIZE_INVALID",
    }
)
"""Codes of a 400 that mean the same. The digest was checked here: bytes were hurt on the way."""
_HURT_CODES = frozenset({"DIGEST_INVALID", "SIZE_INVALID"})
_NO_CHUNKS = frozenset({400, 404, 405, 411, 413, 415, 416, 501})
"""Answers to a chunk from registries that only take a blob in one piece."""


class Interrupted(Exception):  # noqa: N818 - what happened, as the callers read it
    """The upload did not get through, but may the next time.

    Args:
        error: what to say if it does not.
        wait_s: how long the registry wants to be left alone.
        hurt: what the registry has of the blob is not what was sent.
        in_one: the registry does not take the chunk; it may take the blob in one piece.
    """

    def __init__(
        self,
        error: TrimaranError,
        wait_s: float = 0.0,
        *,
        hurt: bool = False,
        in_one: bool = False,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.wait_s = wait_s
        self.hurt = hurt
        self.in_one = in_one


@dataclass(slots=True)
class Session:
    """An open upload: where it goes on (another URL after each answer), and from which byte."""

    remote: Remote
    descriptor: Descriptor
    source: BlobSource
    url: str = ""
    chunk_bytes: int = 0
    position: int = 0

    @classmethod
    def start(cls, remote: Remote, descriptor: Descriptor, source: BlobSource) -> Self:
        """Open a session (OCI distribution spec, Pushing a blob in chunks: POST, end-4a).

        Raises:
            Interrupted: the registry failed, or there was no answer.
            TrimaranError: it refused.
        """
        session = cls(remote, descriptor, source)
        with session._write("POST", remote.path("blobs/uploads/"), 0, {}) as answer:
            session._expect(answer, http.HTTPStatus.ACCEPTED, PASSING)
            session.url = session._next_url(answer)
            least = answer.headers.get("OCI-Chunk-Min-Length", "")
            session.chunk_bytes = max(
                _chunk_bytes(descriptor.size), int(least) if least.isdecimal() else 0
            )
        return session

    def ask_position(self) -> bool:
        """Ask how far the upload came, and go on from there; False if it cannot go on.

        OCI distribution spec, Pushing a blob in chunks: GET of the session's location, end-13.

        Raises:
            Interrupted: there was no answer, or one that says to wait.
        """
        try:
            answer = self.remote.write("GET", self.url)
        except ConnectionLost as error:
            raise Interrupted(self._error(error.message, error.hint)) from error
        except RegistryError:
            return False
        with answer:
            if answer.status in _WAITING:
                raise Interrupted(
                    refusals.refusal(answer, self._action), retry_after_s(answer.headers)
                )
            came = _RANGE.fullmatch(answer.headers.get("Range", ""))
            if answer.status in _STATUS_ANSWERS and came:
                self.position = int(came[1]) + 1
                self.url = answer.location() or self.url
                # `0-0` is said of an empty upload as well as of one with one byte.
                return 1 < self.position <= self.descriptor.size
        return False

    def send_chunk(self) -> None:
        """Send the next chunk (OCI distribution spec, Pushing a blob in chunks: PATCH, end-5).

        Raises as `start`.
        """
        end = min(self.position + self.chunk_bytes, self.descriptor.size)
        headers = {"Content-Range": f"{self.position}-{end - 1}", "Content-Type": _OCTETS}
        with self._write("PATCH", self.url, end - self.position, headers) as answer:
            self._expect(answer, http.HTTPStatus.ACCEPTED, _LOST | _NO_CHUNKS, _NO_CHUNKS)
            came = _RANGE.fullmatch(answer.headers.get("Range", ""))
            self.url = self._next_url(answer)
        if came and int(came[1]) + 1 != end:
            raise Interrupted(self._error(f"it took {int(came[1]) + 1} of {end} bytes"))
        self.position = end

    def finish(self) -> None:
        """Send what is left, with the digest, and hold the answer against it.

        OCI distribution spec, Pushing blobs: the closing PUT, end-6. Raises as `start`.
        """
        joint = "&" if "?" in self.url else "?"
        url = f"{self.url}{joint}digest={quote(self.descriptor.digest, safe='')}"
        rest = self.descriptor.size - self.position
        with self._write("PUT", url, rest, {"Content-Type": _OCTETS}) as answer:
            self._expect(answer, http.HTTPStatus.CREATED)
            self._check_named(answer)

    def cancel(self) -> None:
        """Give the session up."""
        cancel(self.remote, self.url)

    def _check_named(self, answer: Answer) -> None:
        """The answer must name what was sent, in Docker-Content-Digest or in its Location."""
        location = answer.location().rpartition("/")[2]
        named = answer.headers.get("Docker-Content-Digest", "") or location
        if named == self.descriptor.digest:
            return
        # Some name nothing, or a sha512 blob by its sha256; then only asking for it tells.
        algorithm = self.descriptor.digest.partition(":")[0]
        if named.startswith(f"{algorithm}:") or not downloads.has_blob(
            self.remote, self.descriptor
        ):
            raise self._error(f"the registry stored {named or 'nothing'} instead")

    def _write(self, method: str, url: str, length: int, headers: Mapping[str, str]) -> Answer:
        offset = self.position
        sent = {**headers, "Content-Length": str(length)}
        body = (lambda: self.source.part(offset, length)) if length else b""
        try:
            return self.remote.write(method, url, headers=sent, body=body)
        except ConnectionLost as error:
            raise Interrupted(self._error(error.message, error.hint)) from error

    def _expect(
        self,
        answer: Answer,
        status: int,
        lost: frozenset[int] = _LOST,
        in_one: frozenset[int] = frozenset(),
    ) -> None:
        if answer.status == status:
            return
        page = refusals.whole(answer)
        error = refusals.refusal(page, self._action)
        named = refusals.codes(page) if page.status == http.HTTPStatus.BAD_REQUEST else frozenset()
        if page.status in lost or named & _LOST_CODES:
            hurt = bool(named & _HURT_CODES)
            wait_s = retry_after_s(page.headers)
            raise Interrupted(error, wait_s, hurt=hurt, in_one=page.status in in_one)
        raise error

    def _next_url(self, answer: Answer) -> str:
        url = answer.location()
        if not url:
            raise self._error("the registry does not say where the upload goes on")
        return url

    def _error(self, cause: str, hint: str = "") -> RegistryError:
        return RegistryError(f"{self._action}: {cause}", hint)

    @property
    def _action(self) -> str:
        return f"push {self.remote.name}@{self.descriptor.digest}"


def _chunk_bytes(size_bytes: int) -> int:
    """A quarter of the blob, within bounds: a cut costs a quarter at most, or 64 MiB."""
    return max(CHUNK_BYTES, min(size_bytes // _PARTS, _PARTS * CHUNK_BYTES))


def cancel(remote: Remote, url: str) -> None:
    """Give an upload up: DELETE of the session's location.

    Docker Registry HTTP API V2, Canceling an upload. Registries that do not know it drop the upload
    in their own time.
    """
    with suppress(RegistryError):
        remote.write("DELETE", url).close()

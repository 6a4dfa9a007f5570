"""A blob's bytes from a registry, continued by Range where the connection is cut."""

from __future__ import annotations

import http
import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from trimaran import digests
from trimaran.errors import RegistryError
from trimaran.oci.models import Descriptor
from trimaran.registry import refusals
from trimaran.registry.answers import Answer, ConnectionLost
from trimaran.registry.remote import Remote

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
_PROGRESS_BYTES = 1 << 20
"""A cut after so many new bytes does not count as a failed attempt: the way forward is open."""


def has_blob(remote: Remote, descriptor: Descriptor) -> bool:
    """Whether the repository holds the blob.

    OCI distribution spec, Checking if content exists in the registry (end-2).

    Raises:
        RegistryError: the registry refused or failed.
    """
    with remote.ask("HEAD", f"blobs/{descriptor.digest}") as answer:
        if answer.status == http.HTTPStatus.OK:
            return True
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return False
        raise refusals.refusal(answer, f"look for {remote.name}@{descriptor.digest}")


@contextmanager
def open_blob(remote: Remote, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
    """A blob's bytes, checked; the first request is made when they are asked for.

    OCI distribution spec, Pulling blobs (end-2); a cut is gone on from by Range (RFC 9110, 14.2).

    Raises (from the iterator):
        NotFoundError: the blob is not there.
        ImageError: these are other bytes, too many or too few.
        RegistryError: the registry refused, or cut the connection too often.
    """
    download = _Download(remote, descriptor)
    with closing(download.chunks()) as chunks:
        yield digests.verified(chunks, descriptor.digest, descriptor.size)


@contextmanager
def open_blob_from(
    remote: Remote, descriptor: Descriptor, offset_bytes: int
) -> Iterator[Iterator[bytes]]:
    """A blob's bytes from an offset on, which the caller checks with those before them.

    OCI distribution spec, Pulling blobs (end-2), with a Range (RFC 9110, section 14.2).

    Raises (from the iterator):
        NotFoundError: the blob is not there.
        ImageError: there are too many or too few bytes.
        RegistryError: the registry refused, or cut the connection too often.
    """
    download = _Download(remote, descriptor, offset_bytes)
    with closing(download.chunks()) as chunks:
        yield chunks


@dataclass
class _Download:
    remote: Remote
    descriptor: Descriptor
    position: int = 0
    """Bytes that were passed on."""
    encoded: bool = False
    """The registry compresses on the way, so that ranges would count other bytes."""

    def chunks(self) -> Generator[bytes, None, None]:
        attempts = self.remote.client.policy.attempts_left()
        while True:
            began = self.position
            try:
                yield from self._pass()
                lost = self._short()
            except ConnectionLost as error:
                lost = error
            if lost is None:
                return
            if self.position - began >= _PROGRESS_BYTES:
                attempts.renew()
            attempts.wait(RegistryError(f"{self._action}: {lost.message}", lost.hint))

    def _pass(self) -> Iterator[bytes]:
        """The rest of the blob, until its end or a cut."""
        headers = {"Range": f"bytes={self.position}-"} if self.position and not self.encoded else {}
        with self.remote.ask("GET", f"blobs/{self.descriptor.digest}", headers) as answer:
            skip = self.position - self._start(answer)
            self.encoded = self._is_encoded(answer, self.descriptor.size - self.position + skip)
            for chunk in answer.chunks(decoded=self.encoded):
                fresh, skip = chunk[skip:], max(0, skip - len(chunk))
                self.position += len(fresh)
                if fresh:
                    yield fresh

    def _start(self, answer: Answer) -> int:
        """The offset at which the answer's body begins (RFC 9110, sections 14.4 and 15.3.7)."""
        if answer.status == http.HTTPStatus.OK:
            return 0
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT:
            found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if found and int(found[1]) <= self.position:
                return int(found[1])
        raise refusals.refusal(answer, self._action)

    def _is_encoded(self, answer: Answer, length: int) -> bool:
        # We ask for `identity`. Some storage labels a gzip layer as gzip-encoded and sends it as it
        # is, with its own length; what has another length or none was encoded on the way.
        encoding = answer.headers.get("Content-Encoding", "identity")
        return encoding != "identity" and answer.headers.get("Content-Length", "") != str(length)

    def _short(self) -> ConnectionLost | None:
        """An answer without a length that ended early, which HTTP/1.0 cannot tell from a whole."""
        if self.position >= self.descriptor.size:
            return None
        return ConnectionLost(
            f"the answer ended after {self.position} of {self.descriptor.size} bytes", reached=True
        )

    @property
    def _action(self) -> str:
        return f"read {self.remote.name}@{self.descriptor.digest}"

"""Pushing a blob (distribution-spec, sections Pushing Blobs, Mounting a Blob).

The first try is one POST and one PUT with the whole blob: the fewest requests, and the only form
that some registries take. After a failure the session is asked how far it came and continued in
chunks; where it cannot be, another one is begun. Chunks, so that the next cut costs less.
"""

from __future__ import annotations

import http
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urlencode

from trimaran import digests
from trimaran.errors import RegistryError, UnauthorizedError
from trimaran.oci.models import Descriptor
from trimaran.oci.place import OpenBlob
from trimaran.registry import downloads, refusals, sessions
from trimaran.registry.answers import ConnectionLost
from trimaran.registry.remote import Remote
from trimaran.registry.sessions import Interrupted, Session
from trimaran.registry.sources import BlobSource, SourceFailed


def upload(
    remote: Remote, descriptor: Descriptor, open_blob: OpenBlob, mount_from: Sequence[str] = ()
) -> None:
    """Store a blob, unless the repository has it or can mount it from another one.

    Args:
        remote: where to.
        descriptor: the blob's digest and size; its bytes are checked against them.
        open_blob: opens the bytes; again for each retry.
        mount_from: repositories of the same registry that may hold the blob.

    Raises:
        ImageError: the source's bytes are not the descriptor's.
        RegistryError: the registry refused, or failed too often. No session is left open.
    """
    digests.check(descriptor.digest)
    if downloads.has_blob(remote, descriptor):
        return
    if any(_mount(remote, descriptor, repository) for repository in mount_from):
        return
    with closing(BlobSource(descriptor, open_blob)) as source:
        try:
            _Upload(remote, descriptor, source).run()
        except SourceFailed as failed:
            raise _source_error(descriptor, failed) from failed.__cause__


def check_push(remote: Remote) -> None:
    """Prove the right to push: an upload session is opened and cancelled.

    Raises:
        UnauthorizedError: the login does not allow it.
        RegistryError: the registry refused or failed.
    """
    path = remote.path("blobs/uploads/")
    with remote.write("POST", path, headers={"Content-Length": "0"}, tries=True) as answer:
        if answer.status != http.HTTPStatus.ACCEPTED:
            raise refusals.refusal(answer, f"ask to push to {remote.name}")
        url = answer.location()
    sessions.cancel(remote, url)


class _Upload:
    def __init__(self, remote: Remote, descriptor: Descriptor, source: BlobSource) -> None:
        self._remote = remote
        self._descriptor = descriptor
        self._source = source
        self._session: Session | None = None

    def run(self) -> None:
        """Upload, with retries; whatever happens, no session stays open."""
        try:
            self._try_until_done()
        finally:
            self._drop_session()

    def _try_until_done(self) -> None:
        attempts = self._remote.client.policy.attempts_left()
        send = self._send_whole
        while True:
            try:
                send()
            except Interrupted as interrupted:
                if downloads.has_blob(self._remote, self._descriptor):
                    return
                attempts.wait(interrupted.error, interrupted.wait_s)
                send = self._send_rest
            else:
                self._session = None
                return

    def _send_whole(self) -> None:
        self._session = Session.start(self._remote, self._descriptor, self._source)
        self._session.finish()

    def _send_rest(self) -> None:
        if not (self._session and self._session.ask_position()):
            self._drop_session()
            self._session = Session.start(self._remote, self._descriptor, self._source)
        while self._session.position < self._descriptor.size:
            self._session.send_chunk()
        self._session.finish()

    def _drop_session(self) -> None:
        if self._session:
            self._session.cancel()
            self._session = None


def _mount(remote: Remote, descriptor: Descriptor, repository: str) -> bool:
    """Take the blob over from another repository of the registry, if it allows that."""
    query = urlencode({"mount": descriptor.digest, "from": repository})
    try:
        answer = remote.write(
            "POST",
            remote.path(f"blobs/uploads/?{query}"),
            headers={"Content-Length": "0"},
            more_scopes=frozenset({f"repository:{repository}:pull"}),
        )
    except (ConnectionLost, UnauthorizedError):
        return False
    with answer:
        status, url = answer.status, answer.location()
    if status == http.HTTPStatus.ACCEPTED and url:
        sessions.cancel(remote, url)
    return status == http.HTTPStatus.CREATED and downloads.has_blob(remote, descriptor)


def _source_error(descriptor: Descriptor, failed: SourceFailed) -> BaseException:
    cause = failed.__cause__
    if isinstance(cause, OSError):
        return RegistryError(f"cannot read {descriptor.digest}: {cause.strerror}")
    return cause or failed

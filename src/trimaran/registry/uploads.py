"""Pushing a blob (OCI distribution spec, Pushing blobs, Mounting a blob from another repository).

The first try is one POST and one PUT with the whole blob: the fewest requests, and the only form
that some registries take. After a failure the session is asked how far it came and continued in
chunks; where it cannot be, another one is begun. Chunks, so that the next cut costs less.

A blob of two chunks or more goes up in chunks from the start, where its session can be noted: then
the next command goes on, should this one be killed. Some registries take up a session at a chunk's
end only. The source is read again from its start, so that its digest is checked before its last
byte leaves.
"""

from __future__ import annotations

import http
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from urllib.parse import urlencode

from trimaran import digests
from trimaran.errors import ImageError, RegistryError, UnauthorizedError
from trimaran.oci.models import Descriptor
from trimaran.oci.place import OpenBlob
from trimaran.registry import downloads, refusals, sessions
from trimaran.registry.answers import ConnectionLost
from trimaran.registry.remote import Remote
from trimaran.registry.retry import PASSING
from trimaran.registry.sessions import Interrupted, Session
from trimaran.registry.sources import BlobSource, SourceFailed
from trimaran.registry.unfinished import Note, Noted

_NOTED_CHUNKS = 2
_CURABLE = PASSING | {0, 401, 403}
"""Statuses of failures after which the next command may go on: no answer, or a login that ended."""


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
        RegistryError: the registry refused, or failed too often. No session is left open but one
            that is noted for the next command.
        StoreError: the note cannot be written.
    """
    digests.check(descriptor.digest)
    with _noting(remote, descriptor) as note:
        if _is_there(remote, descriptor, mount_from):
            _forget(remote, note)
            return
        with closing(BlobSource(descriptor, open_blob)) as source:
            try:
                _Upload(remote, descriptor, source, note).run()
            except SourceFailed as failed:
                raise _source_error(descriptor, failed) from failed.__cause__


def check_push(remote: Remote) -> None:
    """Prove the right to push: an upload session is opened and cancelled.

    OCI distribution spec, Pushing a blob in chunks (end-4a).

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
    def __init__(
        self, remote: Remote, descriptor: Descriptor, source: BlobSource, note: Note | None
    ) -> None:
        self._remote = remote
        self._descriptor = descriptor
        self._source = source
        self._note = note
        self._session: Session | None = None
        self._furthest = 0

    def run(self) -> None:
        """Upload, with retries; no session stays open but one that is noted and may go on."""
        try:
            self._try_until_done()
        except BaseException as error:
            if not (self._note and self._session and self._session.position and _curable(error)):
                self._drop_session()
            raise
        self._drop_session()

    def _try_until_done(self) -> None:
        attempts = self._remote.client.policy.attempts_left()
        send = self._send_noted if self._note else self._send_whole
        while True:
            try:
                send()
            except Interrupted as interrupted:
                if downloads.has_blob(self._remote, self._descriptor):
                    return
                if self._got_further():
                    attempts.renew()
                attempts.wait(interrupted.error, interrupted.wait_s)
                if interrupted.hurt:
                    self._drop_session()
                send = self._send_whole if interrupted.in_one else self._send_rest
            else:
                self._session = None
                self._forget()
                return

    def _send_whole(self) -> None:
        self._start().finish()

    def _send_noted(self) -> None:
        """Go on with the session that an earlier command left, or begin one."""
        noted = self._note and self._note.read()
        if noted:
            self._session = Session(
                self._remote, self._descriptor, self._source, noted.url, noted.chunk_bytes
            )
        self._send_rest()

    def _send_rest(self) -> None:
        session = self._session
        if not (session and session.ask_position()):
            session = self._start()
        while session.position < self._descriptor.size:
            self._keep(session)
            session.send_chunk()
        self._keep(session)
        session.finish()

    def _start(self) -> Session:
        self._drop_session()
        self._session = Session.start(self._remote, self._descriptor, self._source)
        return self._session

    def _got_further(self) -> bool:
        """Whether more was stored than ever before: a long upload may be cut many times."""
        position = self._session.position if self._session else 0
        further, self._furthest = position > self._furthest, max(position, self._furthest)
        return further

    def _keep(self, session: Session) -> None:
        if self._note:
            self._note.keep(Noted(session.url, session.chunk_bytes))

    def _forget(self) -> None:
        if self._note:
            self._note.forget()

    def _drop_session(self) -> None:
        if self._session:
            self._session.cancel()
            self._session = None
            self._forget()


def _noting(remote: Remote, descriptor: Descriptor) -> AbstractContextManager[Note | None]:
    unfinished = remote.client.unfinished
    if unfinished is None or descriptor.size < _NOTED_CHUNKS * sessions.CHUNK_BYTES:
        return nullcontext()
    return unfinished.note(remote.name, descriptor.digest)


def _is_there(remote: Remote, descriptor: Descriptor, mount_from: Sequence[str]) -> bool:
    return downloads.has_blob(remote, descriptor) or any(
        _mount(remote, descriptor, repository) for repository in mount_from
    )


def _forget(remote: Remote, note: Note | None) -> None:
    """What another command left of an upload is no longer needed."""
    noted = note and note.read()
    if note and noted:
        sessions.cancel(remote, noted.url)
        note.forget()


def _curable(error: BaseException) -> bool:
    """Whether what was sent so far may be good, and the rest be taken the next time."""
    cause = error.__cause__ if isinstance(error, SourceFailed) else error
    if isinstance(cause, RegistryError):
        return cause.status in _CURABLE
    return not isinstance(cause, ImageError)


def _mount(remote: Remote, descriptor: Descriptor, repository: str) -> bool:
    """Take the blob over from another repository of the registry, if it allows that (end-11)."""
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

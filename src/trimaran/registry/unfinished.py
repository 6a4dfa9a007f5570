"""Uploads that are under way, noted in the store so that the next command goes on with them.

A note is the URL of an upload session (OCI distribution spec, Pushing a blob in chunks). It may
hold a state token of the registry, so only the owner can read it; it never holds a login: one in
the URL itself keeps it from being noted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec

from trimaran.store.store import Store

LIFE_S = 24 * 60 * 60.0
"""Registries drop unfinished uploads in their own time: some after an hour, some after a week."""

_KIND = "upload"


class Noted(msgspec.Struct, frozen=True):
    """A session's URL, and how much of a blob is sent to it at once."""

    url: str
    chunk_bytes: int


class Note:
    """What is noted of one blob's upload to one repository."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key

    def read(self) -> Noted | None:
        """The session that an earlier command left; None if there is none that may be open."""
        raw = self._store.record(_KIND, self._key)
        try:
            return msgspec.json.decode(raw, type=Noted) if raw else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def keep(self, noted: Noted) -> None:
        """Replace what is noted. Raises StoreError."""
        if "@" not in urlsplit(noted.url).netloc:
            # After each chunk: a sync would wait for all that the disk has to do, and what a crash
            # of the machine leaves of a note is seen when it is read.
            self._store.put_record(_KIND, self._key, msgspec.json.encode(noted), durable=False)

    def forget(self) -> None:
        """Remove the note, if there is one."""
        self._store.remove_record(_KIND, self._key)


class Unfinished:
    """The notes in a store, which is opened for the first of them.

    Args:
        open_store: gives the open store.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store

    @contextmanager
    def note(self, repository: str, digest: str) -> Iterator[Note]:
        """The note of a blob's upload, alone among all processes: two would hurt one session.

        Args:
            repository: the registry and the path in it.
            digest: the blob's.

        Raises:
            StoreError: the store cannot be used.
        """
        store = self._open_store()
        store.expire_records(_KIND, LIFE_S)
        key = f"{repository}@{digest}"
        with store.lock(f"{_KIND} {hashlib.sha256(key.encode()).hexdigest()}"):
            yield Note(store, key)

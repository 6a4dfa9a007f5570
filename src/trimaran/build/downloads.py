"""Files from the web: what ADD of a URL copies.

Content is a blob; a record per URL keeps what the server said of it, so that a later build asks
once and downloads nothing. With a checksum it does not even ask.
"""

from __future__ import annotations

import email.utils
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import msgspec

from trimaran.errors import ContextError
from trimaran.events import Emit, TransferAdvanced, TransferDone, TransferStarted
from trimaran.graph.steps import Download
from trimaran.store.blobs import BlobWriter
from trimaran.store.store import Store

if TYPE_CHECKING:
    # Only named here: loading it takes longer than a build that is cached.
    from trimaran.registry.web import Received, Web

FindSecret = Callable[[str], bytes | None]
"""A secret's value by its id; None if none was given."""

_RECORD_KIND = "downloads-1"
_MODE = 0o600
"""What BuildKit gives a download, whatever the server says."""


class Downloaded(msgspec.Struct, frozen=True):
    """A file that is in the store.

    Attributes:
        digest: of the blob.
        etag, last_modified: as the server gave them.
        checksum: what it was checked against, beside the digest.
    """

    digest: str
    etag: str = ""
    last_modified: str = ""
    checksum: str = ""

    @property
    def mtime_s(self) -> int:
        """When the server changed it, in seconds since the epoch; 0 if it does not say."""
        try:
            return max(0, int(email.utils.parsedate_to_datetime(self.last_modified).timestamp()))
        except (ValueError, IndexError, TypeError):
            return 0


class Downloads:
    """The downloads of one build; each URL is asked for once.

    Args:
        open_web: what fetches.
        find_secret: where `HTTP_AUTH_TOKEN_HOST` and `HTTP_AUTH_HEADER_HOST` are looked up.
    """

    def __init__(
        self, store: Store, open_web: Callable[[], Web], find_secret: FindSecret, emit: Emit
    ) -> None:
        self._store = store
        self._open_web = open_web
        self._find_secret = find_secret
        self._emit = emit
        self._known: dict[tuple[str, str], Downloaded] = {}

    def digest(self, source: Download) -> str:
        """What stands for the file in a step's identity: its content, and its time.

        The time is left out where a checksum says what is meant, as in BuildKit.

        Raises:
            ContextError: it cannot be had, or is not what the checksum says.
        """
        found = self.fetch(source)
        fields = [found.digest] if source.checksum else [found.digest, str(found.mtime_s)]
        return hashlib.sha256(" ".join(fields).encode()).hexdigest()

    def fetch(self, source: Download) -> Downloaded:
        """The file of a URL, fetched only if the store has none that is still the same.

        Raises:
            ContextError: it cannot be had, or is not what the checksum says.
            StoreError: the disk is full.
        """
        key = (source.url, source.checksum)
        if key not in self._known:
            self._known[key] = self._fetch(source)
        return self._known[key]

    def place(self, source: Download, name: str, folder: Path) -> None:
        """Put the file of a URL into `folder`, with the mode and the time of a download.

        Raises:
            StoreError: the disk is full.
        """
        found = self.fetch(source)
        target = folder / name
        with (
            self._store.guarded(f"write {name}"),
            self._store.open_blob(found.digest) as blob,
            open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file,
        ):
            os.fchmod(file.fileno(), _MODE)
            shutil.copyfileobj(blob, file, 1 << 20)
        os.utime(target, (found.mtime_s, found.mtime_s))

    def _fetch(self, source: Download) -> Downloaded:
        memo = self._memo(source)
        if memo is not None and source.checksum:
            return memo
        from trimaran.registry.web import Asked  # noqa: PLC0415 - slow to load

        asked = Asked(source.url, authorization=self._authorization(source.url))
        if memo is not None:
            asked = msgspec.structs.replace(asked, etag=memo.etag, last_modified=memo.last_modified)
        with _Spool(self._store, source, self._emit) as spool:
            sent = self._open_web().fetch(asked, spool)
            if sent is None and memo is not None:
                return memo
            return self._keep(source, spool.finish(sent))

    def _memo(self, source: Download) -> Downloaded | None:
        record = self._store.record(_RECORD_KIND, source.url)
        try:
            memo = msgspec.json.decode(record or b"", type=Downloaded)
        except msgspec.DecodeError:
            return None
        wanted = source.checksum in ("", memo.digest, memo.checksum)
        return memo if wanted and self._store.has_blob(memo.digest) else None

    def _keep(self, source: Download, found: Downloaded) -> Downloaded:
        self._store.put_record(_RECORD_KIND, source.url, msgspec.json.encode(found))
        return found

    def _authorization(self, url: str) -> str:
        """The header that secrets of BuildKit's names give for the URL's host."""
        host = urlsplit(url).hostname or ""
        header = self._find_secret(f"HTTP_AUTH_HEADER_{host}")
        token = self._find_secret(f"HTTP_AUTH_TOKEN_{host}")
        if token is not None:
            return f"Bearer {token.decode('utf-8', 'replace').strip()}"
        return header.decode("utf-8", "replace").strip() if header is not None else ""


class _Spool:
    """Takes a download into a blob, and tells of its progress."""

    def __init__(self, store: Store, source: Download, emit: Emit) -> None:
        self._store = store
        self._source = source
        self._emit = emit
        self._transfer = f"download-{hashlib.sha256(source.url.encode()).hexdigest()[:16]}"
        self._opened = ExitStack()
        self._writer: BlobWriter | None = None
        self._hasher = hashlib.new(self._algorithm)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    @property
    def _algorithm(self) -> str:
        return self._source.checksum.partition(":")[0] or "sha256"

    def start(self, size_bytes: int) -> None:
        from trimaran.registry.web import shown  # noqa: PLC0415 - slow to load

        self._opened.close()
        self._writer = self._opened.enter_context(self._store.blob_writer())
        self._hasher = hashlib.new(self._algorithm)
        subject = shown(self._source.url)
        self._emit(TransferStarted(self._transfer, "download", subject, size_bytes, time.time()))

    def write(self, data: bytes) -> None:
        assert self._writer is not None  # noqa: S101 - start comes first
        self._writer.write(data)
        self._hasher.update(data)
        self._emit(TransferAdvanced(self._transfer, self._writer.size_bytes))

    def finish(self, sent: Received | None) -> Downloaded:
        """Make what came part of the store, unless it is not what the checksum says."""
        if self._writer is None or sent is None:
            raise ContextError(f"the server of {self._source.url} says that nothing changed")
        wanted = self._source.checksum
        found = f"{self._algorithm}:{self._hasher.hexdigest()}"
        if wanted not in ("", found):
            raise ContextError(
                f"{self._source.url} holds other bytes: {found}, --checksum says {wanted}",
                "find out why they changed before you write the new checksum",
            )
        digest = self._writer.commit()
        self._emit(TransferDone(self._transfer, skipped=False, at=time.time()))
        return Downloaded(digest, sent.etag, sent.last_modified, wanted)

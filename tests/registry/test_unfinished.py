"""An upload that a command was killed in goes on in the next one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply, ScriptedRegistry, Seen
from tests.registry.upload_sessions import Uploads

from trimaran import digests
from trimaran.errors import ImageError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor
from trimaran.registry import sessions, unfinished
from trimaran.registry.unfinished import Unfinished
from trimaran.store.store import Store

DATA = bytes(range(250)) * 4
BLOB = Descriptor(media_types.LAYER, digests.of(DATA), len(DATA))
ALMOST = 900


class Killed(BaseException):
    """What ends a command at once: nothing catches it."""


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "CHUNK_BYTES", 200)


@contextmanager
def pieces(data: bytes = DATA, killed_at: int = -1) -> Iterator[Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        for at in range(0, len(data), 50):
            if at == killed_at:
                raise Killed
            yield data[at : at + 50]

    yield read()


def push(registry: ScriptedRegistry, root: Path, data: bytes = DATA, killed_at: int = -1) -> None:
    """One command: it opens the store, and pushes."""
    with (
        Store.open(root) as store,
        registry.repository(unfinished=Unfinished(lambda: store)) as repository,
    ):
        repository.write_blob(BLOB, lambda: pieces(data, killed_at))


def killed(registry: ScriptedRegistry, root: Path) -> None:
    with pytest.raises(Killed):
        push(registry, root, killed_at=ALMOST)
    registry.seen.clear()


def notes(root: Path) -> list[Path]:
    return list((root / "records" / "upload").glob("*"))


def sent(registry: ScriptedRegistry) -> int:
    return sum(len(seen.body) for seen in registry.seen)


def test_an_upload_goes_on_where_the_registry_says(scripted: Scripted, tmp_path: Path) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    killed(registry, tmp_path)
    (note,) = notes(tmp_path)
    assert note.stat().st_mode & 0o777 == 0o600
    (came,) = uploads.open.values()
    assert len(came) >= 750
    push(registry, tmp_path)
    assert uploads.blobs == {BLOB.digest: DATA}
    assert (uploads.open, uploads.count) == ({}, 1)
    assert sent(registry) == len(DATA) - len(came)
    assert notes(tmp_path) == []


@pytest.mark.parametrize("gone", [True, False])
def test_a_session_that_is_gone_or_old_is_begun_anew(
    scripted: Scripted, tmp_path: Path, *, gone: bool
) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    killed(registry, tmp_path)
    if gone:
        uploads.open.clear()
    else:
        past = time.time() - unfinished.LIFE_S - 60
        os.utime(notes(tmp_path)[0], (past, past))
    push(registry, tmp_path)
    assert uploads.blobs == {BLOB.digest: DATA}
    assert uploads.count == 2
    assert any(seen.line.startswith("GET /up/1") for seen in registry.seen) == gone
    assert notes(tmp_path) == []


@pytest.mark.parametrize(
    "text", [b"", bytes(70), b"{", b'{"url":1}', b'{"url":"/nowhere","chunk_bytes":200}']
)
def test_a_note_that_was_hurt_does_no_harm(scripted: Scripted, tmp_path: Path, text: bytes) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    killed(registry, tmp_path)
    notes(tmp_path)[0].write_bytes(text)
    push(registry, tmp_path)
    assert uploads.blobs == {BLOB.digest: DATA}
    assert notes(tmp_path) == []


def test_what_was_hurt_at_the_registry_is_sent_again(scripted: Scripted, tmp_path: Path) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    killed(registry, tmp_path)
    uploads.open = {path: b"x" + data[1:] for path, data in uploads.open.items()}
    push(registry, tmp_path)
    assert uploads.blobs == {BLOB.digest: DATA}
    assert (uploads.open, uploads.count) == ({}, 2)


def test_the_part_that_is_not_sent_again_is_checked_too(scripted: Scripted, tmp_path: Path) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    killed(registry, tmp_path)
    with pytest.raises(ImageError, match="other bytes"):
        push(registry, tmp_path, b"x" + DATA[1:])
    assert (uploads.blobs, uploads.open, notes(tmp_path)) == ({}, {}, [])


def test_a_registry_that_takes_no_chunks_gets_one_piece(scripted: Scripted, tmp_path: Path) -> None:
    uploads = Uploads()
    registry = scripted(lambda seen: Reply(405) if seen.method == "PATCH" else uploads.answer(seen))
    push(registry, tmp_path)
    assert uploads.blobs == {BLOB.digest: DATA}
    assert (uploads.open, notes(tmp_path)) == ({}, [])


def test_an_address_with_a_login_is_not_written_down(scripted: Scripted, tmp_path: Path) -> None:
    uploads = Uploads()

    def answer(seen: Seen) -> Reply:
        reply = uploads.answer(seen)
        if "Location" not in reply.headers:
            return reply
        where = f"http://ann:secret@{registry.host}{reply.headers['Location']}"
        return Reply(reply.status, {**reply.headers, "Location": where}, reply.body)

    registry = scripted(answer)
    killed(registry, tmp_path)
    assert notes(tmp_path) == []


def test_what_another_command_stored_needs_no_session(scripted: Scripted, tmp_path: Path) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    killed(registry, tmp_path)
    uploads.blobs[BLOB.digest] = DATA
    push(registry, tmp_path)
    assert (uploads.open, notes(tmp_path), sent(registry)) == ({}, [], 0)


def test_two_commands_do_not_share_a_session(scripted: Scripted, tmp_path: Path) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    threads = [threading.Thread(target=push, args=(registry, tmp_path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert uploads.blobs == {BLOB.digest: DATA}
    assert (uploads.count, sent(registry)) == (1, len(DATA))

"""Pushing blobs under a registry's faults; no session stays open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply, ScriptedRegistry, script
from tests.registry.upload_sessions import Uploads

from trimaran import digests
from trimaran.errors import ImageError, RegistryError, UnauthorizedError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor
from trimaran.registry import sessions

DATA = bytes(range(250)) * 4
BLOB = Descriptor(media_types.LAYER, digests.of(DATA), len(DATA))
HEAD = f"HEAD /v2/app/blobs/{BLOB.digest}"
POST = "POST /v2/app/blobs/uploads/"
PUT = f"PUT /up/1?digest=sha256%3A{BLOB.digest[7:]}"
MISSING = Reply(404)
OPENED = Reply(202, {"Location": "/up/1"})
STORED = Reply(201, {"Docker-Content-Digest": BLOB.digest})
CANCELLED = ("DELETE /up/1", Reply(204))
START = ((HEAD, MISSING), (POST, OPENED))


@contextmanager
def open_blob(data: bytes = DATA) -> Iterator[Iterator[bytes]]:
    yield (data[at : at + 300] for at in range(0, len(data), 300))


def push(registry: ScriptedRegistry, mount_from: tuple[str, ...] = ()) -> None:
    with registry.repository(mount_from=mount_from) as repository:
        repository.write_blob(BLOB, open_blob)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "CHUNK_BYTES", 400)


def test_a_blob_goes_up_in_one_post_and_one_put(scripted: Scripted) -> None:
    registry = scripted(script(*START, (PUT, STORED)))
    push(registry)
    assert registry.lines == [HEAD, POST, PUT]
    assert registry.seen[2].body == DATA
    assert registry.seen[2].headers["Content-Length"] == "1000"


def test_a_blob_that_is_there_is_not_sent(scripted: Scripted) -> None:
    registry = scripted(script((HEAD, Reply(200))))
    push(registry)
    assert registry.lines == [HEAD]


def test_a_blob_is_mounted_from_another_repository(scripted: Scripted) -> None:
    mount = f"{POST}?mount=sha256%3A{BLOB.digest[7:]}&from=base"
    registry = scripted(script((HEAD, MISSING), (mount, STORED), (HEAD, Reply(200))))
    push(registry, mount_from=("app", "base"))
    assert registry.lines[1] == mount


@pytest.mark.parametrize("refused", [OPENED, Reply(404), Reply(403), Reply(dropped=True)])
def test_a_mount_that_is_refused_is_an_upload(scripted: Scripted, refused: Reply) -> None:
    cancelled = [CANCELLED] if refused is OPENED else []
    steps = (
        (HEAD, MISSING),
        (f"{POST}?mount*", refused),
        *cancelled,
        (POST, OPENED),
        (PUT, STORED),
    )
    push(scripted(script(*steps)), mount_from=("base",))


def test_a_lost_answer_is_looked_up(scripted: Scripted) -> None:
    steps = (*START, (PUT, Reply(503)), (HEAD, Reply(200)), CANCELLED)
    registry = scripted(script(*steps))
    push(registry)
    assert registry.pauses == []


@pytest.mark.parametrize(
    ("status", "kept"),
    [(500, 0), (502, 1), (503, 400), (504, 999), (503, 1000), (413, 0), (416, 5)],
)
@pytest.mark.usefixtures("small_chunks")
def test_a_failed_put_is_continued_in_chunks(scripted: Scripted, status: int, kept: int) -> None:
    uploads = Uploads(("PUT", Reply(status), kept))
    registry = scripted(uploads.answer)
    push(registry)
    assert uploads.blobs == {BLOB.digest: DATA}
    assert uploads.open == {}
    resumed = kept >= 2
    assert uploads.count == (1 if resumed else 2)
    assert sum(len(seen.body) for seen in registry.seen if seen.method == "PATCH") == (
        1000 - kept if resumed else 1000
    )


@pytest.mark.parametrize("fault", [Reply(dropped=True), Reply(503), Reply(416), Reply(404)])
@pytest.mark.usefixtures("small_chunks")
def test_faults_in_chunks_are_survived(scripted: Scripted, fault: Reply) -> None:
    uploads = Uploads(
        ("PUT", Reply(dropped=True), 0),
        ("PATCH", fault, 100),
        ("PATCH", fault, 0),
        ("PUT", fault, 0),
    )
    push(scripted(uploads.answer))
    assert uploads.blobs == {BLOB.digest: DATA}
    assert uploads.open == {}


@pytest.mark.usefixtures("small_chunks")
def test_a_chunk_that_was_taken_in_part_is_noticed(scripted: Scripted) -> None:
    partly = Reply(202, {"Location": "/up/2", "Range": "0-99"})
    uploads = Uploads(("PUT", Reply(503), 0), ("PATCH", partly, 100))
    push(scripted(uploads.answer))
    assert uploads.blobs == {BLOB.digest: DATA}
    assert uploads.open == {}


def test_bytes_hurt_on_the_way_are_sent_again(scripted: Scripted) -> None:
    hurt = Reply(400, body=b'{"errors":[{"code":"DIGEST_INVALID"}]}')
    uploads = Uploads(("PUT", hurt, 0))
    push(scripted(uploads.answer))
    assert uploads.blobs == {BLOB.digest: DATA}


def test_the_registrys_wish_for_a_pause_is_honoured(scripted: Scripted) -> None:
    uploads = Uploads(("PUT", Reply(429, {"Retry-After": "9"}), 0))
    registry = scripted(uploads.answer)
    push(registry)
    assert registry.pauses == [9.0]


def test_an_upload_that_never_succeeds_ends_and_is_cancelled(scripted: Scripted) -> None:
    uploads = Uploads(*[("PUT", Reply(500), 0)] * 9)
    registry = scripted(uploads.answer)
    with pytest.raises(RegistryError, match=BLOB.digest):
        push(registry)
    assert uploads.open == {}
    # The first try was in one piece, the second one got further: it counts anew.
    assert registry.pauses == [0.5, 0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (Reply(201, {"Docker-Content-Digest": "sha256:" + "0" * 64}), "instead"),
        (Reply(201, {"Location": "/v2/app/blobs/sha256:" + "0" * 64}), "instead"),
        (Reply(400), "400"),
        (Reply(403), "403"),
    ],
)
def test_a_wrong_answer_is_an_error_and_the_session_cancelled(
    scripted: Scripted, answer: Reply, match: str
) -> None:
    registry = scripted(script(*START, (PUT, answer), CANCELLED))
    with pytest.raises(RegistryError, match=match):
        push(registry)
    assert registry.lines[-1] == "DELETE /up/1"


@pytest.mark.parametrize("headers", [{}, {"Location": f"/v2/app/blobs/{BLOB.digest}"}])
def test_the_digest_may_be_named_elsewhere(scripted: Scripted, headers: dict[str, str]) -> None:
    look = [(HEAD, Reply(200))] if not headers else []
    push(scripted(script(*START, (PUT, Reply(201, headers)), *look)))


def test_a_session_without_a_place_is_an_error(scripted: Scripted) -> None:
    with pytest.raises(RegistryError, match="where the upload goes on"):
        push(scripted(script((HEAD, MISSING), (POST, Reply(202)))))


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b"x" + DATA[1:], b""])
def test_wrong_bytes_of_the_source_never_arrive(scripted: Scripted, data: bytes) -> None:
    uploads = Uploads()
    registry = scripted(uploads.answer)
    with registry.repository() as repository, pytest.raises(ImageError):
        repository.write_blob(BLOB, lambda: open_blob(data))
    assert (uploads.blobs, uploads.open) == ({}, {})


def test_a_source_that_cannot_be_read_is_told_apart_from_the_connection(
    scripted: Scripted,
) -> None:
    def broken() -> AbstractContextManager[Iterator[bytes]]:
        raise OSError(5, "Input/output error")

    uploads = Uploads()
    registry = scripted(uploads.answer)
    with (
        registry.repository() as repository,
        pytest.raises(RegistryError, match=r"cannot read sha256:.*Input/output error"),
    ):
        repository.write_blob(BLOB, broken)
    assert uploads.count == 1
    assert uploads.open == {}


def test_an_empty_blob(scripted: Scripted) -> None:
    uploads = Uploads()
    with scripted(uploads.answer).repository() as repository:
        repository.write_blob(Descriptor("x/y", digests.of(b""), 0), lambda: open_blob(b""))
    assert uploads.blobs == {digests.of(b""): b""}


def test_the_right_to_push_is_proven_and_nothing_left(scripted: Scripted) -> None:
    registry = scripted(script((POST, OPENED), CANCELLED))
    with registry.repository() as repository:
        repository.check_push()
    assert registry.lines == [POST, "DELETE /up/1"]


@pytest.mark.parametrize(
    ("status", "kind"), [(401, UnauthorizedError), (403, UnauthorizedError), (405, RegistryError)]
)
def test_a_refused_push_is_told(scripted: Scripted, status: int, kind: type[RegistryError]) -> None:
    with scripted(lambda _: Reply(status)).repository() as repository, pytest.raises(kind):
        repository.check_push()

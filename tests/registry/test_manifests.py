"""Reading and writing manifests under a registry's faults."""

from __future__ import annotations

import gzip
import json

import pytest
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply, Seen, script

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError, RegistryError
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor, Index

RAW = Index.make(()).raw
DIGEST = digests.of(RAW)
OTHER = digests.of(b"other")
INDEX = Descriptor(media_types.INDEX, DIGEST, len(RAW))
TYPE = {"Content-Type": media_types.INDEX}
NAMED = {**TYPE, "Docker-Content-Digest": DIGEST}
LENGTH = {"Content-Length": str(len(RAW))}
UNKNOWN = Reply(404, body=b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
TAG = "/v2/app/manifests/1"
BY_DIGEST = f"/v2/app/manifests/{DIGEST}"


def test_a_tag_is_resolved_by_one_head(scripted: Scripted) -> None:
    registry = scripted(script((f"HEAD {TAG}", Reply(200, {**NAMED, **LENGTH}))))
    with registry.repository() as repository:
        assert repository.resolve("1") == INDEX
    accepted = registry.seen[0].headers["Accept"]
    assert all(kind in accepted for kind in media_types.INDEXES | media_types.MANIFESTS)


@pytest.mark.parametrize(
    "headers",
    [
        {**TYPE, **LENGTH},
        {**LENGTH, "Docker-Content-Digest": DIGEST, "Content-Type": "text/plain"},
        {**NAMED, "Content-Length": "0x1"},
        {**NAMED, **LENGTH, "Docker-Content-Digest": "md5:00"},
        {**NAMED, **LENGTH, "Content-Encoding": "gzip"},
    ],
)
def test_a_head_that_says_too_little_is_followed_by_a_get(
    scripted: Scripted, headers: dict[str, str]
) -> None:
    get = Reply(200, {"Content-Type": headers["Content-Type"]}, RAW)
    registry = scripted(script((f"HEAD {TAG}", Reply(200, headers)), (f"GET {TAG}", get)))
    with registry.repository() as repository:
        assert repository.resolve("1") == INDEX


def test_a_get_by_tag_is_checked_against_its_own_header(scripted: Scripted) -> None:
    get = Reply(200, NAMED, RAW.replace(b"2", b"3"))
    registry = scripted(script((f"HEAD {TAG}", Reply(200, TYPE)), (f"GET {TAG}", get)))
    with registry.repository() as repository, pytest.raises(ImageError, match="other bytes"):
        repository.resolve("1")


def test_what_is_not_there_is_not_found(scripted: Scripted) -> None:
    registry = scripted(lambda _: UNKNOWN)
    with registry.repository() as repository:
        with pytest.raises(NotFoundError, match=f"{registry.host}/app:1"):
            repository.resolve("1")
        with pytest.raises(NotFoundError, match="MANIFEST_UNKNOWN manifest unknown"):
            repository.read_manifest(INDEX)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"schemaVersion": 1}, "obsolete format"),
        ({"mediaType": "text/html"}, "it is a text/html"),
        ({"a": 1}, "not an image"),
        ([], "not an image"),
    ],
)
def test_what_is_no_image_is_named(scripted: Scripted, document: object, fault: str) -> None:
    reply = Reply(200, {"Content-Type": "application/json"}, json.dumps(document).encode())
    with (
        scripted(lambda _: reply).repository() as repository,
        pytest.raises(ImageError, match=fault),
    ):
        repository.resolve("1")


def test_a_manifest_is_read_by_digest_and_checked(scripted: Scripted) -> None:
    registry = scripted(script((f"GET {BY_DIGEST}", Reply(200, TYPE, RAW))))
    with registry.repository() as repository:
        assert repository.read_manifest(INDEX) == RAW


@pytest.mark.parametrize("body", [RAW[:-1], RAW + b" ", RAW.replace(b"2", b"3"), b""])
def test_wrong_bytes_are_found(scripted: Scripted, body: bytes) -> None:
    with (
        scripted(lambda _: Reply(200, NAMED, body)).repository() as repository,
        pytest.raises(ImageError),
    ):
        repository.read_manifest(INDEX)


def test_an_encoded_answer_is_decoded(scripted: Scripted) -> None:
    reply = Reply(200, {**TYPE, "Content-Encoding": "gzip"}, gzip.compress(RAW))
    with scripted(lambda _: reply).repository() as repository:
        assert repository.read_manifest(INDEX) == RAW


def test_a_cut_answer_is_asked_for_again(scripted: Scripted) -> None:
    cut = Reply(200, TYPE, RAW, cut_after=5)
    line = f"GET {BY_DIGEST}"
    registry = scripted(script((line, cut), (line, Reply(503)), (line, Reply(200, TYPE, RAW))))
    with registry.repository() as repository:
        assert repository.read_manifest(INDEX) == RAW
    assert registry.pauses == [0.5, 1.0]


def test_too_large_a_manifest_is_neither_read_nor_written(scripted: Scripted) -> None:
    big = bytes(MANIFEST_LIMIT_BYTES + 1)
    registry = scripted(lambda _: Reply(200, TYPE, big))
    with registry.repository() as repository:
        with pytest.raises(RegistryError, match="over the limit"):
            repository.read_manifest(INDEX)
        with pytest.raises(RegistryError, match="over the limit"):
            repository.resolve("1")
        asked = len(registry.seen)
        with pytest.raises(ImageError, match="over"):
            repository.read_manifest(Descriptor(media_types.INDEX, digests.of(big), len(big)))
        with pytest.raises(ImageError, match="over"):
            repository.write_manifest(big, media_types.INDEX)
    assert len(registry.seen) == asked


CREATED = Reply(201, {"Docker-Content-Digest": DIGEST})
FOUND = Reply(200, {**NAMED, **LENGTH})


def test_a_manifest_is_written_as_it_is(scripted: Scripted) -> None:
    registry = scripted(script((f"PUT {TAG}", CREATED)))
    with registry.repository() as repository:
        assert repository.write_manifest(RAW, media_types.INDEX, "1") == INDEX
    assert registry.seen[0].body == RAW
    assert registry.seen[0].headers["Content-Type"] == media_types.INDEX


@pytest.mark.parametrize("lost", [Reply(503), Reply(500), Reply(dropped=True), Reply(201)])
def test_a_lost_answer_is_no_refusal(scripted: Scripted, lost: Reply) -> None:
    registry = scripted(script((f"PUT {TAG}", lost), (f"HEAD {TAG}", FOUND)))
    with registry.repository() as repository:
        assert repository.write_manifest(RAW, media_types.INDEX, "1") == INDEX


@pytest.mark.parametrize("lost", [Reply(502), Reply(dropped=True)])
@pytest.mark.parametrize(
    "held",
    [UNKNOWN, Reply(200, {**NAMED, **LENGTH, "Docker-Content-Digest": "sha256:" + "0" * 64})],
)
def test_the_same_bytes_are_sent_again(scripted: Scripted, lost: Reply, held: Reply) -> None:
    steps = ((f"PUT {TAG}", lost), (f"HEAD {TAG}", held), (f"PUT {TAG}", CREATED))
    registry = scripted(script(*steps))
    with registry.repository() as repository:
        repository.write_manifest(RAW, media_types.INDEX, "1")
    puts = [seen for seen in registry.seen if seen.method == "PUT"]
    assert [put.body for put in puts] == [RAW, RAW]
    assert {put.headers["Content-Type"] for put in puts} == {media_types.INDEX}


def test_by_digest_the_read_back_compares_bytes(scripted: Scripted) -> None:
    steps = ((f"PUT {BY_DIGEST}", Reply(503)), (f"GET {BY_DIGEST}", Reply(200, TYPE, RAW)))
    with scripted(script(*steps)).repository() as repository:
        assert repository.write_manifest(RAW, media_types.INDEX) == INDEX


def test_a_registry_that_never_takes_it_is_given_up(scripted: Scripted) -> None:
    def answer(seen: Seen) -> Reply:
        return Reply(503) if seen.method == "PUT" else UNKNOWN

    registry = scripted(answer)
    with registry.repository() as repository, pytest.raises(RegistryError) as caught:
        repository.write_manifest(RAW, media_types.INDEX, "1")
    assert caught.value.status == 503
    assert [line for line in registry.lines if "PUT" in line] == [f"PUT {TAG}"] * 5


def test_a_refusal_is_not_repeated(scripted: Scripted) -> None:
    invalid = Reply(400, body=b'{"errors":[{"code":"MANIFEST_INVALID"}]}')
    registry = scripted(lambda _: invalid)
    with (
        registry.repository() as repository,
        pytest.raises(RegistryError, match="MANIFEST_INVALID"),
    ):
        repository.write_manifest(RAW, media_types.INDEX, "1")
    assert len(registry.seen) == 1


def test_a_registry_that_stores_other_bytes_is_an_error(scripted: Scripted) -> None:
    def answer(seen: Seen) -> Reply:
        if seen.method == "PUT":
            return Reply(201, {"Docker-Content-Digest": OTHER})
        return Reply(200, {**TYPE, **LENGTH, "Docker-Content-Digest": OTHER})

    with (
        scripted(answer).repository() as repository,
        pytest.raises(RegistryError, match=f"stored {OTHER} instead of {DIGEST}"),
    ):
        repository.write_manifest(RAW, media_types.INDEX, "1")


def test_an_answer_that_was_hurt_on_the_way_is_checked_by_reading_back(scripted: Scripted) -> None:
    hurt = Reply(201, {"Docker-Content-Digest": OTHER})
    registry = scripted(script((f"PUT {TAG}", hurt), (f"HEAD {TAG}", FOUND)))
    with registry.repository() as repository:
        assert repository.write_manifest(RAW, media_types.INDEX, "1") == INDEX


def test_tags_are_read_over_pages(scripted: Scripted) -> None:
    more = {"Link": '</v2/app/tags/list?last=b&n=1000>; rel="next"'}
    registry = scripted(
        script(
            ("GET /v2/app/tags/list?n=1000", Reply(200, more, b'{"tags": ["a", "b"]}')),
            ("GET /v2/app/tags/list?last=b&n=1000", Reply(200, {}, b'{"tags": ["c"]}')),
        )
    )
    with registry.repository() as repository:
        assert repository.tags() == ["a", "b", "c"]


@pytest.mark.parametrize(("body", "tags"), [(b'{"tags": null}', []), (b'{"name": "app"}', [])])
def test_no_tags(scripted: Scripted, body: bytes, tags: list[str]) -> None:
    with scripted(lambda _: Reply(200, {}, body)).repository() as repository:
        assert repository.tags() == tags


def test_malformed_tags_are_an_error(scripted: Scripted) -> None:
    with (
        scripted(lambda _: Reply(200, {}, b'{"tags": 1}')).repository() as repository,
        pytest.raises(RegistryError, match="not a list of tags"),
    ):
        repository.tags()

"""Blobs under cuts: continued by Range, and never a wrong byte at the end."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply, ScriptedRegistry, Seen, login, serve

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError, RegistryError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor

DATA = bytes(range(256)) * 40
BLOB = Descriptor(media_types.LAYER, digests.of(DATA), len(DATA))


def download(registry: ScriptedRegistry, blob: Descriptor = BLOB) -> bytes:
    with registry.repository() as repository, repository.open_blob(blob) as chunks:
        return b"".join(chunks)


def offset(seen: Seen) -> int:
    return int(seen.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))


def ranged(seen: Seen, data: bytes = DATA, cut_after: int | None = None) -> Reply:
    begin = offset(seen)
    if not begin:
        return Reply(200, {}, data, cut_after)
    span = {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"}
    return Reply(206, span, data[begin:], cut_after)


def cutting(*cuts: int | None) -> Callable[[Seen], Reply]:
    left = list(cuts)
    return lambda seen: ranged(seen, cut_after=left.pop(0) if left else None)


def test_a_cut_is_continued_where_it_was(scripted: Scripted) -> None:
    registry = scripted(cutting(1000, 500))
    assert download(registry) == DATA
    assert [offset(seen) for seen in registry.seen] == [0, 1000, 1500]


def test_a_registry_without_ranges_starts_anew(scripted: Scripted) -> None:
    cuts = [1000, 2500, None]
    registry = scripted(lambda _: Reply(200, {}, DATA, cuts.pop(0)))
    assert download(registry) == DATA


def test_a_range_that_begins_earlier_is_skipped_to(scripted: Scripted) -> None:
    def answer(seen: Seen) -> Reply:
        if not offset(seen):
            return Reply(200, {}, DATA, 1000)
        return Reply(206, {"Content-Range": f"bytes 900-10239/{len(DATA)}"}, DATA[900:])

    assert download(scripted(answer)) == DATA


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Range": "bytes 1001-10239/10240"}, {"Content-Range": "lines 1-2/3"}]
)
def test_a_wrong_range_is_refused(scripted: Scripted, headers: dict[str, str]) -> None:
    def answer(seen: Seen) -> Reply:
        return Reply(206, headers, DATA[1000:]) if offset(seen) else Reply(200, {}, DATA, 1000)

    with pytest.raises(RegistryError, match="206"):
        download(scripted(answer))


def test_an_answer_without_a_length_that_ends_early_is_a_cut(scripted: Scripted) -> None:
    replies = [Reply(200, {}, DATA[:3000], with_length=False)]
    assert download(scripted(lambda seen: replies.pop() if replies else ranged(seen))) == DATA


def test_cuts_without_progress_have_an_end(scripted: Scripted) -> None:
    registry = scripted(lambda seen: ranged(seen, cut_after=0))
    with pytest.raises(RegistryError, match=BLOB.digest):
        download(registry)
    assert len(registry.pauses) == 4


@pytest.mark.parametrize("body", [DATA[:-1] + b"x", DATA + b"x", b"x" + DATA[1:]])
def test_wrong_bytes_are_found(scripted: Scripted, body: bytes) -> None:
    with pytest.raises(ImageError, match=BLOB.digest):
        download(scripted(lambda _: Reply(200, {}, body)))


def test_a_missing_blob_is_not_found(scripted: Scripted) -> None:
    registry = scripted(lambda _: Reply(404))
    with pytest.raises(NotFoundError):
        download(registry)
    with registry.repository() as repository:
        assert not repository.has_blob(BLOB)


def test_has_blob_fails_rather_than_guesses(scripted: Scripted) -> None:
    with (
        scripted(lambda _: Reply(500)).repository() as repository,
        pytest.raises(RegistryError) as caught,
    ):
        repository.has_blob(BLOB)
    assert caught.value.status == 500


ZIPPED = gzip.compress(DATA, mtime=0)
LAYER = Descriptor(media_types.LAYER_GZIP, digests.of(ZIPPED), len(ZIPPED))


def test_a_layer_that_is_only_labelled_as_encoded_is_left_as_it_is(scripted: Scripted) -> None:
    labelled = Reply(200, {"Content-Encoding": "gzip"}, ZIPPED)
    assert download(scripted(lambda _: labelled), LAYER) == ZIPPED


def test_an_encoded_answer_is_decoded_and_not_continued_by_range(scripted: Scripted) -> None:
    encoded = gzip.compress(ZIPPED)
    cuts = [len(encoded) // 2, None]
    registry = scripted(lambda _: Reply(200, {"Content-Encoding": "gzip"}, encoded, cuts.pop(0)))
    assert download(registry, LAYER) == ZIPPED
    assert [offset(seen) for seen in registry.seen] == [0, 0]


def test_a_token_may_end_between_two_parts(scripted: Scripted) -> None:
    def answer(seen: Seen) -> Reply:
        if seen.authorization:
            return ranged(seen)
        if offset(seen):
            return Reply(401, {"WWW-Authenticate": "Basic"})
        return Reply(200, {}, DATA, 1000)

    registry = scripted(answer)
    with registry.repository(login) as repository, repository.open_blob(BLOB) as chunks:
        assert b"".join(chunks) == DATA
    assert [offset(seen) for seen in registry.seen] == [0, 1000, 1000]


def test_a_download_may_be_left_half_way(scripted: Scripted) -> None:
    big = DATA * 800
    blob = Descriptor(media_types.LAYER, digests.of(big), len(big))
    registry = scripted(lambda seen: ranged(seen, big))
    with registry.repository() as repository:
        with repository.open_blob(blob) as chunks:
            assert next(chunks)
        with repository.open_blob(blob) as chunks:
            assert b"".join(chunks) == big


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(DATA)), max_size=4))
def test_any_cuts_give_the_same_bytes(cuts: list[int]) -> None:
    with serve(cutting(*cuts)) as registry:
        assert download(registry) == DATA

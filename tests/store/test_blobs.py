from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError, StoreError
from trimaran.store.store import Store


def unfinished(store: Store) -> list[Path]:
    return list((store.root / "tmp").glob("*/*"))


def test_a_blob_is_read_as_it_was_put(store: Store) -> None:
    digest = store.put_blob(b"content")
    assert digest == digests.of(b"content")
    assert store.has_blob(digest)
    assert store.read_blob(digest) == b"content"
    assert store.blob_path(digest).read_bytes() == b"content"
    with store.open_blob(digest) as file:
        assert file.read() == b"content"


@given(chunks=st.lists(st.binary(max_size=3000), max_size=6))
def test_a_writer_names_a_blob_by_all_its_chunks(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    with Store.open(tmp_path_factory.getbasetemp() / "written") as store:
        with store.blob_writer() as writer:
            for chunk in chunks:
                assert writer.write(chunk) == len(chunk)
            digest = writer.commit()
        assert digest == digests.of(b"".join(chunks))
        assert store.read_blob(digest) == b"".join(chunks)


def test_a_writer_that_is_not_committed_leaves_nothing(store: Store) -> None:
    with store.blob_writer() as writer:
        writer.write(b"lost")
    assert unfinished(store) == []
    assert not store.has_blob(digests.of(b"lost"))


def test_a_blob_of_another_digest_or_size_is_refused(store: Store) -> None:
    with store.blob_writer() as writer:
        writer.write(b"x")
        with pytest.raises(ImageError, match="holds other bytes"):
            writer.commit(digests.of(b"y"), 1)
        with pytest.raises(ImageError, match="has 1 bytes, 2 were promised"):
            writer.commit(digests.of(b"x"), 2)
    assert not store.has_blob(digests.of(b"x"))
    assert unfinished(store) == []


def test_sha512_blobs_have_their_own_folder(store: Store) -> None:
    with store.blob_writer("sha512") as writer:
        writer.write(b"long")
        digest = writer.commit("sha512:" + hashlib.sha512(b"long").hexdigest(), 4)
    assert store.read_blob(digest) == b"long"
    assert store.blob_path(digest).parent.name == "sha512"


def test_a_damaged_blob_is_noticed(store: Store) -> None:
    digest = store.put_blob(b"good")
    store.blob_path(digest).write_bytes(b"evil")
    with pytest.raises(StoreError, match="damaged") as caught:
        store.read_blob(digest)
    assert str(store.blob_path(digest)) in caught.value.hint


def test_a_truncated_blob_is_mended_by_the_next_writer(store: Store) -> None:
    digest = store.put_blob(b"whole")
    store.blob_path(digest).write_bytes(b"who")
    store.put_blob(b"whole")
    assert store.read_blob(digest) == b"whole"


def test_missing_and_too_long_blobs_are_errors(store: Store) -> None:
    with pytest.raises(NotFoundError, match="sha256:0000"):
        store.open_blob("sha256:" + "0" * 64)
    with pytest.raises(StoreError, match="longer than 3 bytes"):
        store.read_blob(store.put_blob(b"four"), limit_bytes=3)


@pytest.mark.parametrize("name", ["sha256:../../x", "../x", "md5:00", "sha256:" + "A" * 64, ""])
def test_a_digest_that_is_none_names_no_file(store: Store, name: str) -> None:
    with pytest.raises(ImageError, match="is not a digest"):
        store.blob_path(name)


def test_a_removed_blob_is_gone(store: Store) -> None:
    digest = store.put_blob(b"gone")
    assert store.remove_blob(digest) == 4
    assert store.remove_blob(digest) == 0
    assert not store.has_blob(digest)

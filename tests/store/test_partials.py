from __future__ import annotations

import threading
from pathlib import Path

import pytest

from trimaran import digests
from trimaran.errors import ImageError
from trimaran.store.store import Store

DATA = bytes(range(256)) * 1000
DIGEST = digests.of(DATA)


def begin(store: Store, data: bytes) -> None:
    with store.partial_blob(DIGEST) as partial:
        assert partial is not None
        partial.write(data)


def test_what_was_written_is_there_in_the_next_store(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        begin(store, DATA[:1000])
    with Store.open(tmp_path) as store:
        assert not store.has_blob(DIGEST)
        with store.partial_blob(DIGEST) as partial:
            assert partial is not None
            assert partial.size_bytes == 1000
            partial.write(DATA[1000:])
            partial.commit(len(DATA))
        assert store.read_blob(DIGEST) == DATA
        assert list((tmp_path / "partial").iterdir()) == []
        with store.partial_blob(DIGEST) as partial:
            assert partial is None


def test_wrong_bytes_are_not_kept(store: Store) -> None:
    begin(store, b"x" * 1000)
    with store.partial_blob(DIGEST) as partial:
        assert partial is not None
        partial.write(DATA[1000:])
        with pytest.raises(ImageError, match="holds other bytes"):
            partial.commit(len(DATA))
        assert partial.size_bytes == 0
        partial.write(DATA)
        partial.commit(len(DATA))
    assert store.read_blob(DIGEST) == DATA


def test_nothing_begun_leaves_nothing(store: Store) -> None:
    begin(store, b"")
    assert list((store.root / "partial").iterdir()) == []


def test_the_second_waits_and_finds_it_whole(store: Store) -> None:
    found: list[bool] = []

    def second() -> None:
        with store.partial_blob(DIGEST) as partial:
            found.append(partial is None)

    with store.partial_blob(DIGEST) as partial:
        assert partial is not None
        thread = threading.Thread(target=second)
        thread.start()
        partial.write(DATA)
        partial.commit(len(DATA))
    thread.join()
    assert found == [True]

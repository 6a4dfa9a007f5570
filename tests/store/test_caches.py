from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.store.store import Store


def nothing(folder: Path) -> None:
    del folder


def filled(folder: Path) -> None:
    (folder / "file").write_text("first")


def fill(store: Store, key: str = "key", number: int = 0) -> Path:
    with store.caches.held(key, number, alone=False, fill=filled) as files:
        assert files is not None
        return files


def test_a_cache_is_filled_once_and_listed(store: Store) -> None:
    files = fill(store)
    (files / "file").write_text("second" * 10_000)
    assert fill(store) == files
    assert (files / "file").read_text().startswith("second")
    other = fill(store, number=1)
    assert other != files
    listed = store.caches.listed()
    assert {(cache.key, cache.number) for cache in listed} == {("key", 0), ("key", 1)}
    assert listed[0].used >= listed[1].used
    assert max(cache.size_bytes for cache in listed) >= 60_000


def test_who_wants_it_alone_bars_the_others(store: Store) -> None:
    with store.caches.held("key", 0, alone=False, fill=nothing) as first:
        with store.caches.held("key", 0, alone=False, fill=nothing) as second:
            assert second == first
        with store.caches.held("key", 0, alone=True, fill=nothing) as barred:
            assert barred is None
    with (
        store.caches.held("key", 0, alone=True, fill=nothing) as own,
        store.caches.held("key", 0, alone=False, fill=nothing) as barred,
    ):
        assert own is not None
        assert barred is None


def test_only_what_nobody_uses_is_removed(store: Store) -> None:
    fill(store)
    (cache,) = store.caches.listed()
    with store.caches.held("key", 0, alone=False, fill=nothing):
        assert not store.caches.remove(cache.name)
    assert store.caches.remove(cache.name)
    assert not store.caches.remove(cache.name)
    assert store.caches.listed() == []


def test_a_failed_filling_leaves_no_cache(store: Store) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError), store.caches.held("key", 0, alone=False, fill=fail):
        pass
    assert store.caches.listed() == []
    assert (fill(store) / "file").exists()


def test_what_a_crash_of_the_machine_may_have_torn_is_thrown_away(store: Store) -> None:
    torn, safe = fill(store, "torn"), fill(store, "safe")
    safe.joinpath("mark").touch()
    torn.joinpath("mark").touch()
    marks = store.caches.marks()
    assert len(marks) == 2
    fill(store, "torn")  # used again after the marks were read
    store.caches.unmark(marks)
    assert len(store.caches.marks()) == 1
    for folder in (torn.parent, safe.parent):
        if (folder / "marks").exists():
            (folder / "marks").write_text("another boot", "ascii")
    assert not (fill(store, "torn") / "mark").exists()
    assert (fill(store, "safe") / "mark").exists()


def test_an_empty_folder_of_a_crash_is_made_anew(store: Store) -> None:
    folder = fill(store).parent
    for name in ("about", "lock", "marks"):
        (folder / name).unlink()
    assert store.caches.listed() == []
    (folder / "marks").touch()
    assert (fill(store) / "file").read_text() == "first"
    assert len(store.caches.listed()) == 1

from __future__ import annotations

from trimaran.store.store import Store


def test_a_record_is_what_was_put_last(store: Store) -> None:
    assert store.record("step", "key") is None
    store.put_record("step", "key", b"old")
    store.put_record("step", "key", b"new")
    store.put_record("file", "key", b"other")
    assert store.record("step", "key") == b"new"
    assert store.record("file", "key") == b"other"


def test_keys_and_kinds_may_be_any_text(store: Store) -> None:
    store.put_record("../../kind", "../\0key", b"data")
    assert store.record("../../kind", "../\0key") == b"data"
    assert len(list((store.root / "records").glob("*/*"))) == 1


def test_a_removed_record_is_gone(store: Store) -> None:
    store.put_record("step", "key", b"data")
    assert store.remove_record("step", "key")
    assert not store.remove_record("step", "key")

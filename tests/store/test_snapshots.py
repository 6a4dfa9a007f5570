from __future__ import annotations

import re
from pathlib import Path

import pytest

from trimaran.errors import StoreError
from trimaran.store.snapshots import snapshot_name
from trimaran.store.store import Store

IDENTITY = "0f" * 32


def make(store: Store, text: str = "file") -> Path:
    with store.new_snapshot(IDENTITY) as pending:
        (pending.fs / "file").write_text(text)
        return pending.commit()


def reboot(store: Store) -> None:
    for mark in (store.root / "snapshots").glob("*/boot"):
        mark.write_text("another-boot")


def test_a_committed_snapshot_is_found(store: Store) -> None:
    assert store.snapshot(IDENTITY) is None
    with store.new_snapshot(IDENTITY) as pending:
        assert pending.fs.stat().st_mode & 0o777 == 0o755
        (pending.work / "work").mkdir(mode=0)
        (pending.fs / "file").write_text("text")
        fs = pending.commit()
    assert fs == store.snapshot(IDENTITY)
    assert fs == store.root / "snapshots" / snapshot_name(IDENTITY) / "fs"
    assert (fs / "file").read_text() == "text"
    assert not (fs.parent / "work").exists()


def test_names_have_sixteen_characters_that_mount_options_take(store: Store) -> None:
    assert re.fullmatch(r"[a-z2-7]{16}", snapshot_name("anything, even , and :"))
    make(store)
    assert [path.name for path in (store.root / "snapshots").iterdir()] == [snapshot_name(IDENTITY)]


def test_what_is_not_committed_leaves_nothing(store: Store) -> None:
    with store.new_snapshot(IDENTITY) as pending:
        (pending.fs / "file").touch()
    assert store.snapshot(IDENTITY) is None
    assert list((store.root / "tmp").glob("*/*")) == []


def test_the_first_of_two_builds_is_kept(store: Store) -> None:
    with store.new_snapshot(IDENTITY) as slow:
        (slow.fs / "file").write_text("slow")
        fast = make(store, "fast")
        assert slow.commit() == fast
    assert (fast / "file").read_text() == "fast"
    assert list((store.root / "tmp").glob("*/*")) == []


def test_a_second_commit_is_refused(store: Store) -> None:
    with store.new_snapshot(IDENTITY) as pending:
        pending.commit()
        with pytest.raises(StoreError, match="once"):
            pending.commit()


def test_after_a_crash_an_unsynced_snapshot_is_missing_and_replaced(store: Store) -> None:
    make(store, "perhaps half")
    reboot(store)
    assert store.snapshot(IDENTITY) is None
    fs = make(store, "whole")
    assert store.snapshot(IDENTITY) == fs
    assert (fs / "file").read_text() == "whole"


def test_after_a_crash_a_synced_snapshot_is_there(store: Store) -> None:
    fs = make(store)
    store.sync()
    reboot(store)
    assert store.snapshot(IDENTITY) == fs


def test_sync_does_not_vouch_for_another_boots_snapshots(store: Store) -> None:
    make(store)
    reboot(store)
    store.sync()
    assert store.snapshot(IDENTITY) is None

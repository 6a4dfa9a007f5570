"""Who relies on what, between processes: names that are written down, and who may take things."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from trimaran import digests
from trimaran.errors import StoreError
from trimaran.store import uses
from trimaran.store.store import Store

DIGEST = digests.of(b"data")


def named(store: Store) -> frozenset[str]:
    return store._uses.named()


def test_what_is_looked_for_or_written_is_named_while_it_is_used(store: Store) -> None:
    store.has_blob(DIGEST)
    assert named(store) == frozenset()
    with store.use(), store.use():
        store.has_blob(DIGEST)
        store.record("kind", "key")
        put = store.put_blob(b"other")
        store.snapshot("identity")
        with store.caches.held("cache", 0, alone=False, fill=lambda _: None):
            pass
        assert {DIGEST, put} < named(store)
        assert len(named(store)) == 5
    assert named(store) == frozenset()
    assert list((store.root / "tmp").iterdir()) == []


def look(root: Path, answers: Connection) -> None:
    with Store.open(root) as store, store.use():
        answers.send("ready")
        answers.recv()
        answers.send(store.has_blob(DIGEST))
        answers.recv()


@contextmanager
def another(root: Path) -> Iterator[tuple[Connection, int]]:
    """Another process that uses the store, and looks for the blob when it is told to."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe()
    process = context.Process(target=look, args=(root, its))
    process.start()
    assert mine.recv() == "ready"
    assert process.pid is not None
    try:
        yield mine, process.pid
    finally:
        process.kill()
        process.join()
        process.close()


def test_who_looks_waits_until_a_collector_is_done(store: Store) -> None:
    digest = store.put_blob(b"data")
    assert digest == DIGEST
    with another(store.root) as (connection, _):
        with store._uses.collecting() as there:
            connection.send("look")
            assert not connection.poll(0.2)
            assert there == frozenset()
            store.blob_path(DIGEST).unlink()
        assert connection.recv() is False
        assert named(store) == {DIGEST}


def test_the_names_of_a_killed_owner_go_with_it(store: Store) -> None:
    with another(store.root) as (connection, pid):
        connection.send("look")
        assert connection.recv() is False
        assert named(store) == {DIGEST}
        os.kill(pid, 9)
        assert not connection.poll(1) or not connection.closed
    Store.open(store.root).close()
    assert named(store) == frozenset()


def test_what_cannot_be_written_down_bars_collectors(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses, "_PATIENCE_S", 0.1)
    full = os.open("/dev/full", os.O_WRONLY)  # every write(2) is refused with ENOSPC
    with store.use():
        store.has_blob(DIGEST)
        os.dup2(full, store._uses._names or -1)
        store.has_blob(digests.of(b"other"))
        with pytest.raises(StoreError, match="is in use"), store._uses.collecting():
            raise AssertionError
        store.has_blob(digests.of(b"third"))
        with pytest.raises(StoreError, match="is in use"), store._uses.collecting():
            raise AssertionError
    with store._uses.collecting() as there:
        assert there == frozenset()
    os.close(full)


def test_threads_may_look_at_once(store: Store) -> None:
    def many(start: int) -> None:
        for number in range(start, start + 50):
            store.has_blob(digests.of(b"%d" % number))

    with store.use():
        threads = [threading.Thread(target=many, args=(start,)) for start in range(0, 200, 50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert named(store) == {digests.of(b"%d" % number) for number in range(200)}


def test_a_use_is_the_time_of_the_file(store: Store) -> None:
    digest = store.put_blob(b"data")
    path = store.blob_path(digest)
    os.utime(path, (1, 1))
    with open(store.root / "locks" / "collect", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one who holds no lease names nothing, and does not wait
        assert store.has_blob(digest)
    assert time.time() - path.stat().st_mtime < 60

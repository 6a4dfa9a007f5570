from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trimaran.store.store import Store

_WRITER = """
import pathlib, sys
from trimaran.store.store import Store
store = Store.open(pathlib.Path(sys.argv[1]))
store.put_record("step", "first", b"makes the folder")
print("begin", file=sys.stderr)
for number in range(3):
    store.put_record("step", "key", b"data", durable=sys.argv[2] == "durable")
"""


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


@pytest.mark.parametrize(("kind", "syncs"), [("durable", 6), ("quick", 0)])
def test_a_record_waits_for_the_disk_only_to_be_durable(
    tmp_path: Path, kind: str, syncs: int
) -> None:
    trace, root = tmp_path / "trace", tmp_path / "store"
    argv = ["strace", "-f", "--trace=fsync,write", "-o", str(trace), sys.executable, "-c", _WRITER]
    subprocess.run([*argv, str(root), kind], check=True, capture_output=True)
    assert trace.read_text().partition("begin")[2].count("fsync(") == syncs
    with Store.open(root) as store:
        assert store.record("step", "key") == b"data"

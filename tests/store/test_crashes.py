"""What processes do to one store when they are killed, run at once, or fill the disk."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trimaran.store.store import Store

WRITER = """
import itertools, os, sys
from pathlib import Path
from trimaran import references
from trimaran.oci.models import Descriptor
from trimaran.store.store import Store
store = Store.open(Path(sys.argv[1]))
print("open", flush=True)
for number in itertools.count(int(sys.argv[2])):
    with store.blob_writer() as writer:
        for _ in range(20):
            writer.write(os.urandom(20_000))
        digest = writer.commit()
    with store.new_snapshot(str(number)) as pending:
        for name in range(20):
            (pending.fs / str(name)).write_text(str(number))
        pending.commit()
    store.put_record("step", str(number), digest.encode())
    store.tag(references.parse(f"app:{number % 5}"), Descriptor("type", digest, 400_000))
    store.sync()
"""

SAME = """
import sys
from pathlib import Path
from trimaran.store.store import Store
store = Store.open(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(40):
    with store.blob_writer() as writer, store.new_snapshot(str(number)) as pending:
        writer.write(b"the same" * number)
        (pending.fs / "file").write_text(str(number))
        writer.commit()
        pending.commit()
store.close()
"""

FILLER = """
import os, sys
from pathlib import Path
from trimaran.errors import StoreError
from trimaran.store.store import Store
store = Store.open(Path(sys.argv[1]))
kept = store.put_blob(b"kept")
try:
    with store.blob_writer() as writer:
        for _ in range(40):
            writer.write(os.urandom(100_000))
        writer.commit()
except StoreError as error:
    print(error.message, "|", error.hint)
print(*(path.name for path in Path(sys.argv[1], "tmp").glob("*/*")), "|")
print(*(path.name for path in Path(sys.argv[1], "blobs").glob("*/*")), "|")
print(store.read_blob(kept).decode())
"""


def check(store: Store) -> None:
    """Everything that has a name is whole."""
    for path in (store.root / "blobs").glob("*/*"):
        store.read_blob(f"{path.parent.name}:{path.name}")
    for image in store.names():
        assert store.has_blob(image.descriptor.digest)
    for path in (store.root / "records").glob("*/*"):
        assert store.has_blob(path.read_text())
    for folder in store.root.joinpath("snapshots").iterdir():
        texts = {path.read_text() for path in (folder / "fs").iterdir()}
        assert len(texts) == 1
        assert len(list((folder / "fs").iterdir())) == 20


def test_a_store_survives_twenty_kills(tmp_path: Path) -> None:
    chance = random.Random(20)  # noqa: S311 - moments, not secrets
    for number in range(20):
        argv = [sys.executable, "-c", WRITER, str(tmp_path / "store"), str(number * 1000)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            time.sleep(chance.uniform(0, 0.06))
            process.kill()
    with Store.open(tmp_path / "store") as store:
        assert list((store.root / "tmp").iterdir()) == []
        check(store)
        assert len(store.names()) > 0
        assert store.has_blob(store.put_blob(b"usable"))


def test_two_processes_may_write_the_same_at_once(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", SAME, str(tmp_path / "store")]
    processes = [subprocess.Popen(argv, stdin=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with Store.open(tmp_path / "store") as store:
        assert list((store.root / "tmp").iterdir()) == []
        for number in range(40):
            fs = store.snapshot(str(number))
            assert fs is not None
            assert (fs / "file").read_text() == str(number)
        assert len(list((store.root / "blobs").glob("*/*"))) == 40
        for path in (store.root / "blobs").glob("*/*"):
            store.read_blob(f"sha256:{path.name}")


@pytest.mark.real
def test_a_full_disk_is_said_and_leaves_no_part_of_a_blob(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=1m store "$1" && exec "$2" -c "$3" "$1"'
    argv = ["unshare", "-Urm", "sh", "-ec", script, "sh", str(tmp_path), sys.executable, FILLER]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=os.environ)
    message, unfinished, blobs, kept = done.stdout.splitlines()
    assert message.startswith(f"write a blob: {tmp_path} is full: ")
    assert " bytes free | run `trimaran prune`" in message
    assert unfinished == "|"
    assert len(blobs.split()) == 2
    assert kept == "kept"

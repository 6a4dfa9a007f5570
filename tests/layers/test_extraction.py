from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trimaran.layers.entries import Entry, Kind
from trimaran.layers.extraction import Extraction

PROGRAM = """
import sys
from pathlib import Path
from trimaran.errors import LayerError
from trimaran.layers.entries import Entry
from trimaran.layers.extraction import Extraction

def attempt(entry, data=b""):
    try:
        extraction.write(entry, (b"f",), lambda: [memoryview(data)])
    except LayerError as error:
        print(error.message, "|", error.hint)

with Extraction(Path(sys.argv[1]), "L") as extraction:
"""
OWNING = f"""{PROGRAM}
    for kind in ("file", "folder", "fifo"):
        attempt(Entry(b"f", kind, uid=70000, gid=7))
"""
FILLING = f"""{PROGRAM}
    attempt(Entry(b"f", "file", size=100_000), bytes(100_000))
"""


@pytest.mark.real
def test_an_owner_without_a_mapping_is_told_with_the_way_out(tmp_path: Path) -> None:
    namespace = ("unshare", "--user", "--map-root-user")
    done = subprocess.run(
        [*namespace, sys.executable, "-c", OWNING, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    line = (
        "L: entry 'f' belongs to 70000:7, which is outside of the range of subordinate ids of this"
        " user | give the user more: sudo usermod --add-subuids 100000-165535"
        " --add-subgids 100000-165535 $USER\n"
    )
    assert done.stdout == line * 3


@pytest.mark.real
def test_a_full_disk_is_told_with_the_way_out(tmp_path: Path) -> None:
    namespace = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
    small = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [*namespace, small, "sh", tmp_path, sys.executable, FILLING],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "L: entry 'f': No space left on device"
        " | free some space, or put the store on a larger disk\n"
    )


FOLDERS_AND_A_FILE: list[tuple[bytes, Kind]] = [
    (b"d", "folder"),
    (b"x", "folder"),
    (b"d/f", "file"),
]


def test_folders_keep_their_times_when_files_are_put_in_later(tmp_path: Path) -> None:
    with Extraction(tmp_path, "L") as extraction:
        for name, kind in FOLDERS_AND_A_FILE:
            entry = Entry(name, kind, 0o755, os.getuid(), os.getgid(), mtime_ns=5)
            extraction.write(entry, extraction.place(entry), list)
        extraction.remove((b"x",))
    assert (tmp_path / "d").stat().st_mtime_ns == 5

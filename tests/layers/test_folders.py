from __future__ import annotations

import os
from pathlib import Path

import pytest

from trimaran.layers.folders import Folders


def test_parents_are_kept_open_for_neighbours(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with Folders(tmp_path) as folders:
        first = folders.open((b"a", b"b"))
        assert folders.open((b"a", b"b")) == first
        assert os.path.samestat(os.stat(folders.open((b"a",))), os.stat(tmp_path / "a"))
        assert os.path.samestat(os.stat(folders.open(())), os.stat(tmp_path))


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with Folders(tmp_path) as folders:
        folders.open((b"a", b"b", b"c"), make=True)
        os.close(folders.duplicate((b"a",)))
        os.symlink("a", tmp_path / "l")
        folders.open((b"l", b"x"), make=True)
        with pytest.raises(FileNotFoundError):
            folders.open((b"l", b"y"))
    assert os.listdir("/proc/self/fd") == before


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with Folders(tmp_path) as folders:
        folders.remove((b"a", b"b"))
        folders.remove((b"f", b"b"))
        folders.remove((b"a",))
    assert os.listdir(tmp_path) == ["f"]

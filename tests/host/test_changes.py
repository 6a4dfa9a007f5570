from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.errors import HostError
from trimaran.host.changes import (
    Link,
    MountTable,
    RemoveFile,
    SwitchTable,
    Unregister,
    WriteFile,
)


def test_write_file_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c"
    WriteFile(path, "one\n", 0o755).execute()
    WriteFile(path, "two\n").execute()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two\n", 0o644)
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/full").mkdir()
    with pytest.raises(HostError, match=r"cannot write .*folder"):
        WriteFile(tmp_path / "folder", "text").execute()
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_remove_file_and_its_own_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        WriteFile(tmp_path / "own" / name, "").execute()
    RemoveFile(tmp_path / "own/one", own_folder=True).execute()
    assert (tmp_path / "own").exists()
    RemoveFile(tmp_path / "own/two", own_folder=True).execute()
    assert not (tmp_path / "own").exists()


def test_link(tmp_path: Path) -> None:
    Link(tmp_path / "a/link", "/target").execute()
    assert str((tmp_path / "a/link").readlink()) == "/target"
    with pytest.raises(HostError, match=r"cannot link .* to /target: File exists"):
        Link(tmp_path / "a/link", "/target").execute()


def test_switch(tmp_path: Path) -> None:
    SwitchTable(tmp_path, on=True).execute()
    assert (tmp_path / "status").read_text() == "1"
    SwitchTable(tmp_path, on=False).execute()
    assert (tmp_path / "status").read_text() == "0"
    with pytest.raises(HostError, match="cannot switch binfmt_misc on"):
        SwitchTable(tmp_path / "none", on=True).execute()


def test_what_fails_says_what_it_was(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot remove x from binfmt_misc"):
        Unregister(tmp_path / "none", "x", "").execute()
    with pytest.raises(HostError, match="cannot mount binfmt_misc") as caught:
        MountTable(tmp_path / "none").execute()
    assert caught.value.hint == "sudo modprobe binfmt_misc"

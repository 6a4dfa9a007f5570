from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.errors import ImageError
from trimaran.images import outputs


def test_a_file_that_can_be_written_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    outputs.check(tmp_path / "old")
    outputs.check(tmp_path / "new")
    outputs.check(Path("/dev/null"))
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/file", "No such file or directory"),
        ("old/file", "Not a directory"),
        ("", "Is a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "old").write_text("old")
    path = tmp_path / name
    with pytest.raises(ImageError) as caught:
        outputs.check(path)
    assert caught.value.message == f"write {path}: {reason}"


def test_a_folder_can_be_written_to_or_made(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    outputs.check_folder(tmp_path)
    outputs.check_folder(tmp_path / "new" / "folder")
    with pytest.raises(ImageError, match="old/folder: Not a directory"):
        outputs.check_folder(tmp_path / "old" / "folder")
    with pytest.raises(ImageError, match="old: Not a directory"):
        outputs.check_folder(tmp_path / "old")

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trimaran.store import trees


def test_a_tree_of_every_kind_is_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    tree = tmp_path / "tree"
    (tree / "a/b/c").mkdir(parents=True)
    (tree / "a/file").touch()
    (tree / "a/folder-link").symlink_to(outside)
    (tree / "dangling").symlink_to("nowhere")
    os.mkfifo(tree / "a/b/fifo")
    trees.remove(tmp_path, "tree")
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (outside / "kept").exists()


def test_neither_depth_nor_the_limit_of_open_files_matters(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    os.mkdir("top", dir_fd=folder)
    for _ in range(3000):
        inner = os.open("top" if _ == 0 else "d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
        os.mkdir("d", dir_fd=folder)
    os.close(folder)
    trees.remove(tmp_path, "top")
    assert list(tmp_path.iterdir()) == []


def test_an_ordinary_user_removes_own_folders_without_any_mode(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from trimaran.store import trees\n"
        "os.makedirs('tree/locked/inner'); open('tree/locked/inner/file', 'w').close()\n"
        "os.chmod('tree/locked/inner', 0o500); os.chmod('tree/locked', 0)\n"
        "trees.remove('.', 'tree')\n"
        "sys.exit(os.path.exists('tree'))\n"
    )
    _run_without_privilege(code, tmp_path)
    assert not (tmp_path / "tree").exists()


def test_what_is_missing_or_a_link_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        trees.remove(tmp_path, "missing")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    with pytest.raises(OSError, match="link"):
        trees.remove(tmp_path, "link")
    assert (tmp_path / "folder").is_dir()


def _run_without_privilege(code: str, folder: Path) -> None:
    """With no privilege over files, whoever runs the tests."""
    argv = [sys.executable, "-c", code]
    if os.geteuid() == 0:
        argv = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *argv]
    subprocess.run(argv, cwd=folder, check=True)

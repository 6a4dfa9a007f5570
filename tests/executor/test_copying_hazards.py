"""COPY: links, swapped folders, unreadable names, a full disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from e2b_dockerfile_utils import PatternMatcher
from tests.executor.sides import Sides

from trimaran.errors import ContextError, StoreError
from trimaran.executor import placing

pytestmark = pytest.mark.many_ids


def test_the_destination_may_be_a_link(sides: Sides) -> None:
    sides.file("a")
    sides.file("src/b")
    (sides.merged / "real").mkdir()
    (sides.merged / "to-folder").symlink_to("/real")  # the root's, so not the host's
    (sides.merged / "dangling").symlink_to("../deep/down")
    (sides.merged / "dangling-folder").symlink_to("deep/er")
    sides.copy("a", "/to-folder")
    sides.copy("a", "/dangling")
    sides.copy("src", "/dangling-folder")
    assert sides.names() == [
        "dangling",
        "dangling-folder/",
        "deep/",
        "deep/down",
        "deep/er/",
        "deep/er/b",
        "real/",
        "real/a",
        "to-folder",
    ]


def test_an_entry_that_is_a_link_is_replaced(sides: Sides) -> None:
    sides.file("a", "new")
    (sides.merged / "victim").write_text("old")
    (sides.merged / "a").symlink_to("victim")
    sides.copy("a", "/")
    assert (sides.merged / "victim").read_text() == "old"
    assert not (sides.merged / "a").is_symlink()


@pytest.mark.parametrize("what", ["file", "link"])
def test_a_folder_onto_something_else_in_a_tree(sides: Sides, what: str) -> None:
    sides.file("src/sub/a")
    (sides.merged / "real").mkdir()
    if what == "file":
        (sides.merged / "sub").write_text("")
    else:
        (sides.merged / "sub").symlink_to("real")
    with pytest.raises(ContextError, match="onto /sub, which is no folder"):
        sides.copy("src", "/")


def test_a_file_onto_a_folder_in_a_tree(sides: Sides) -> None:
    sides.file("src/name", "text")
    (sides.merged / "name").mkdir()
    with pytest.raises(ContextError, match="onto /name, which is a folder"):
        sides.copy("src", "/")


def test_a_file_where_a_folder_is_needed(sides: Sides) -> None:
    sides.file("a")
    (sides.merged / "file").write_text("")
    with pytest.raises(ContextError, match="/file, which is no folder"):
        sides.copy("a", "/file/")
    with pytest.raises(ContextError, match="/file, which is no folder"):
        sides.copy("a", "/file/below/x")


def test_ignored_files_are_left_out_of_folders(sides: Sides) -> None:
    for name in ("src/a.c", "src/a.o", "src/deep/b.o", "src/out/keep/me", "src/out/drop"):
        sides.file(name)
    ignore = PatternMatcher(["**/*.o", "src/out", "!src/out/keep"])
    sides.copy("src", "/x", ignore=ignore)
    assert sides.names() == ["x/", "x/a.c", "x/deep/", "x/out/", "x/out/keep/", "x/out/keep/me"]


def test_a_link_to_etc_passwd_never_means_the_hosts(sides: Sides) -> None:
    (sides.source / "leak").symlink_to("/etc/passwd")
    sides.file("d/a")
    (sides.source / "d/leak").symlink_to("/etc/passwd")
    with pytest.raises(ContextError, match="no 'leak'"):
        sides.copy("leak", "/x")
    sides.copy("d", "/d")
    assert os.readlink(sides.merged / "d/leak") == "/etc/passwd"
    (sides.merged / "out").symlink_to("/../../etc/trimaran-test")
    sides.copy("d/a", "/out")
    assert (sides.merged / "etc/trimaran-test").read_text() == "d/a"
    assert not Path("/etc/trimaran-test").exists()


def test_a_folder_swapped_for_a_link_gives_nothing_away(sides: Sides, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret")
    for number in range(40):
        sides.file(f"src/d{number}/key", "public")
    done = threading.Event()

    def swap() -> None:
        folder, away = sides.source / "src/d20", sides.source / "away"
        while not done.is_set():
            folder.rename(away)
            folder.symlink_to(secret)
            folder.unlink()
            away.rename(folder)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for round_number in range(30):
            try:
                sides.copy("src", f"/x{round_number}")
            except ContextError as error:
                assert "was changed while it was read" in error.message  # noqa: PT017
    finally:
        done.set()
        swapper.join()
    assert not [path for path in sides.merged.rglob("key") if path.read_text() != "public"]


def test_an_unreadable_name_is_named(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    sides.file("d/a")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "a")

    monkeypatch.setattr("trimaran.executor.walking.open_file", refuse)
    with pytest.raises(ContextError, match="cannot read d/a in the build context") as caught:
        sides.copy("d", "/x")
    assert ".dockerignore" in caught.value.hint


def test_a_full_disk(sides: Sides) -> None:
    error = placing.failure(OSError(28, "No space left on device"), "/x")
    assert isinstance(error, StoreError)
    assert error.message == "cannot write /x: No space left on device"

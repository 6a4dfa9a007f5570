"""COPY: where files go, and that all of them arrive."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.executor.sides import BASE, Sides

from trimaran.errors import ContextError
from trimaran.executor import copying
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import ContextFiles, Copy, Part

pytestmark = pytest.mark.many_ids


def test_a_file_to_a_new_name(sides: Sides) -> None:
    sides.file("a", "text")
    sides.copy("a", "/opt/app/b")
    assert sides.names() == ["opt/", "opt/app/", "opt/app/b"]
    assert (sides.merged / "opt/app/b").read_text() == "text"
    assert sides.mode("opt/app") == 0o755


@pytest.mark.parametrize("destination", ["/new/", "/new/."])
def test_a_trailing_slash_means_a_folder(sides: Sides, destination: str) -> None:
    sides.file("a")
    sides.copy("a", destination)
    assert sides.names() == ["new/", "new/a"]


def test_a_file_into_a_folder_that_exists(sides: Sides) -> None:
    sides.file("a")
    (sides.merged / "dir").mkdir()
    sides.copy("a", "/dir")
    assert sides.names() == ["dir/", "dir/a"]


def test_of_several_files_to_a_new_name_the_last_stays(sides: Sides) -> None:
    sides.file("a")
    sides.file("b")
    sides.copy("a", "b", "/new")
    assert sides.names() == ["new"]
    assert (sides.merged / "new").read_text() == "b"


def test_a_folders_contents_are_copied(sides: Sides) -> None:
    sides.file("src/lib/x")
    sides.file("src/y")
    (sides.source / "src/empty").mkdir()
    sides.copy("src", "/app")
    assert sides.names() == ["app/", "app/empty/", "app/lib/", "app/lib/x", "app/y"]


def test_the_whole_context(sides: Sides) -> None:
    sides.file("a")
    sides.file("d/b")
    sides.copy(".", "/")
    assert sides.names() == ["a", "d/", "d/b"]


def test_a_wildcard_with_no_match_makes_nothing(sides: Sides) -> None:
    sides.copy("*.none", "/new/")
    assert sides.names() == []


def test_names_need_not_be_utf_8(sides: Sides) -> None:
    name = os.fsdecode(b"\xff\xfe")
    sides.file(f"d/{name}", "odd")
    sides.copy("d", "/x")
    assert (sides.merged / "x" / name).read_text() == "odd"


@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 3 * 1024 * 1024 + 1])
def test_files_of_every_size(sides: Sides, size: int) -> None:
    data = os.urandom(size)
    (sides.source / "a").write_bytes(data)
    sides.copy("a", "/a")
    assert (sides.merged / "a").read_bytes() == data


def test_a_file_on_another_file_system(sides: Sides) -> None:
    data = os.urandom(1024 * 1024)
    shared = Path("/dev/shm")
    other = shared / f"trimaran-{os.getpid()}"
    other.write_bytes(data)
    try:
        part = Part(ContextFiles(""), (other.name,))
        step = Copy(BASE, (part,), "/a")
        copying.copy_part(step, part, SourceRoot(shared, "the build context"), sides.merged)
    finally:
        other.unlink()
    assert (sides.merged / "a").read_bytes() == data


def test_folders_nested_beyond_the_limit(sides: Sides) -> None:
    at = os.open(sides.source, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=at)
        at, before = os.open("d", os.O_RDONLY, dir_fd=at), at
        os.close(before)
    os.close(at)
    try:
        with pytest.raises(ContextError, match="nested too deep"):
            sides.copy(".", "/x")
    finally:
        # pytest's own removal recurses, and this is deeper than it may.
        subprocess.run(["rm", "-rf", sides.source / "d"], check=True)


def test_ten_thousand_small_files(sides: Sides) -> None:
    for folder in range(100):
        (sides.source / f"d{folder}").mkdir()
        for number in range(100):
            (sides.source / f"d{folder}/f{number}").write_bytes(b"x" * 300)
    sides.copy(".", "/x")
    copied = [path.read_bytes() for path in (sides.merged / "x").glob("d*/f*")]
    assert copied == [b"x" * 300] * 10_000

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from trimaran.executor.mountpoints import make_folders, make_stubs, same_root

FILES = ("/etc/resolv.conf", "/etc/hosts")


@pytest.fixture
def view(tmp_path: Path) -> Path:
    (tmp_path / "view").mkdir()
    return tmp_path / "view"


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    (tmp_path / "stubs").mkdir()
    return tmp_path / "stubs"


def paths(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_an_empty_root_gets_folders_and_files(view: Path, stubs: Path) -> None:
    assert make_stubs(view, stubs, FILES) == FILES
    assert paths(stubs) == ["etc", "etc/hosts", "etc/resolv.conf"]
    assert stat.S_IMODE((stubs / "etc").stat().st_mode) == 0o755
    assert (stubs / "etc" / "hosts").stat().st_size == 0


def test_folders_look_like_the_parents_own(view: Path, stubs: Path) -> None:
    etc = view / "etc"
    etc.mkdir()
    (etc / "hosts").write_text("theirs")
    os.setxattr(etc, "user.note", b"kept")
    os.setxattr(etc, "user.overlay.opaque", b"y")
    etc.chmod(0o2751)
    os.utime(etc, ns=(1, 2_000_000_003))
    make_stubs(view, stubs, FILES)
    status = (stubs / "etc").stat()
    assert stat.S_IMODE(status.st_mode) == 0o2751
    assert status.st_mtime_ns == 2_000_000_003
    assert os.listxattr(stubs / "etc") == ["user.note"]
    assert (etc / "hosts").read_text() == "theirs"


def test_a_linked_folder_is_followed_inside_the_root(view: Path, stubs: Path) -> None:
    (view / "usr" / "etc").mkdir(parents=True)
    (view / "etc").symlink_to("/usr/etc")
    assert make_stubs(view, stubs, FILES) == FILES
    assert paths(stubs) == ["usr", "usr/etc", "usr/etc/hosts", "usr/etc/resolv.conf"]


def test_a_link_out_of_the_root_stays_inside(view: Path, stubs: Path) -> None:
    (view / "etc").symlink_to("../../../../..")
    assert make_stubs(view, stubs, FILES) == FILES
    assert paths(stubs) == ["hosts", "resolv.conf"]


def test_no_mount_point_where_the_folder_is_a_file(view: Path, stubs: Path) -> None:
    (view / "etc").write_text("a file")
    assert make_stubs(view, stubs, FILES) == ()
    assert paths(stubs) == []


def test_folders_that_are_missing_are_made_and_others_kept(view: Path) -> None:
    (view / "proc").symlink_to("elsewhere")
    (view / "dev").mkdir(mode=0o700)
    make_folders(view, ("dev", "proc", "sys"))
    assert (view / "proc").is_symlink()
    assert stat.S_IMODE((view / "dev").stat().st_mode) == 0o700
    assert stat.S_IMODE((view / "sys").stat().st_mode) == 0o755


def test_a_root_folder_takes_its_parents_looks(view: Path, stubs: Path) -> None:
    view.chmod(0o555)
    os.utime(view, ns=(1, 5))
    same_root(stubs, view)
    assert stat.S_IMODE(stubs.stat().st_mode) == 0o555
    assert stubs.stat().st_mtime_ns == 5

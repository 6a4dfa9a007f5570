"""COPY: modes, owners, times, links and attributes."""

from __future__ import annotations

import os
import stat

import pytest
from tests.executor.sides import Sides

from trimaran.errors import ImageError

pytestmark = pytest.mark.many_ids


def test_modes_of_folders(sides: Sides) -> None:
    sides.file("src/sub/a")
    (sides.source / "src").chmod(0o700)
    (sides.source / "src/sub").chmod(0o711)
    (sides.merged / "there/sub").mkdir(parents=True)
    (sides.merged / "there").chmod(0o750)
    os.chown(sides.merged / "there", 5, 6)
    sides.copy("src", "/there")
    sides.copy("src", "/new")
    assert (sides.mode("there"), sides.owner("there")) == (0o750, (5, 6))
    assert sides.mode("there/sub") == 0o711
    assert (sides.mode("new"), sides.mode("new/sub")) == (0o755, 0o711)


def test_new_modes_do_not_depend_on_the_umask(sides: Sides) -> None:
    sides.file("src/sub/a", mode=0o666)
    (sides.source / "src/sub").chmod(0o777)
    before = os.umask(0o077)
    try:
        sides.copy("src", "/x/y")
    finally:
        os.umask(before)
    assert [sides.mode(name) for name in ("x", "x/y", "x/y/sub", "x/y/sub/a")] == [
        0o755,
        0o755,
        0o777,
        0o666,
    ]


def test_times_are_kept_to_the_nanosecond(sides: Sides) -> None:
    sides.file("src/sub/a")
    os.symlink("a", sides.source / "src/link")
    os.utime(sides.source / "src/link", ns=(1, 3_000_000_007), follow_symlinks=False)
    os.utime(sides.source / "src/sub/a", ns=(1, 1_000_000_001))
    os.utime(sides.source / "src/sub", ns=(1, 2_000_000_003))
    sides.copy("src", "/app")
    names = ("sub/a", "sub", "link")
    times = [os.lstat(sides.merged / "app" / name).st_mtime_ns for name in names]
    assert times == [1_000_000_001, 2_000_000_003, 3_000_000_007]


def test_owners_of_a_context_become_root(sides: Sides) -> None:
    file = sides.file("d/a")
    os.chown(file, 1000, 1000)
    file.chmod(0o4755)
    sides.copy("d", "/x")
    assert (sides.owner("x/a"), sides.mode("x/a")) == ((0, 0), 0o4755)


def test_a_stage_keeps_owners_modes_links_and_pipes(sides: Sides) -> None:
    file = sides.file("d/sub/a")
    os.chown(file, 12, 34)
    file.chmod(0o6755)
    os.chown(sides.source / "d/sub", 56, 78)
    os.link(file, sides.source / "d/sub/b")
    os.mkfifo(sides.source / "d/pipe", 0o622)
    os.chown(sides.source / "d/pipe", 9, 9)
    (sides.source / "d/pipe").chmod(0o622)
    os.symlink("/etc/passwd", sides.source / "d/link")
    os.chown(sides.source / "d/link", 7, 7, follow_symlinks=False)
    sides.copy("d", "/x", local=False)
    assert (sides.owner("x/sub/a"), sides.mode("x/sub/a")) == ((12, 34), 0o6755)
    assert sides.owner("x/sub") == (56, 78)
    assert (sides.merged / "x/sub/a").samefile(sides.merged / "x/sub/b")
    assert stat.S_ISFIFO(os.lstat(sides.merged / "x/pipe").st_mode)
    assert (sides.owner("x/pipe"), sides.mode("x/pipe")) == ((9, 9), 0o622)
    assert os.readlink(sides.merged / "x/link") == "/etc/passwd"
    assert sides.owner("x/link") == (7, 7)


def test_hard_links_replace_what_is_there(sides: Sides) -> None:
    os.link(sides.file("d/a", "new"), sides.source / "d/b")
    for name in ("a", "b"):
        (sides.merged / name).write_text("old")
    sides.copy("d", "/", local=False)
    assert (sides.merged / "b").read_text() == "new"
    assert (sides.merged / "a").samefile(sides.merged / "b")


def test_hard_links_of_several_sources_do_not_mix(sides: Sides) -> None:
    os.link(sides.file("one/x", "first"), sides.file("three/z").with_name("y"))
    sides.file("two/x", "second")
    sides.copy("one", "two", "three", "/d", local=False)
    assert (sides.merged / "d/x").read_text() == "second"
    assert (sides.merged / "d/y").read_text() == "first"


def test_a_contexts_hard_links_are_kept_within_a_source(sides: Sides) -> None:
    os.link(sides.file("d/a"), sides.source / "d/b")
    sides.copy("d", "/x")
    assert (sides.merged / "x/a").samefile(sides.merged / "x/b")
    sides.copy("d/a", "d/b", "/y/")
    assert os.lstat(sides.merged / "y/a").st_nlink == 1


@pytest.mark.parametrize("local", [True, False])
def test_capabilities_are_kept_and_user_attributes_are_not(sides: Sides, local: bool) -> None:
    file = sides.file("a")
    capability = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_bind_service
    os.setxattr(file, "security.capability", capability)
    os.setxattr(file, "user.note", b"x")
    sides.copy("a", "/a", local=local, owner="1:1")
    assert os.getxattr(sides.merged / "a", "security.capability") == capability
    assert "user.note" not in os.listxattr(sides.merged / "a")


def test_devices_are_left_out(sides: Sides) -> None:
    os.mknod(sides.source / "null", stat.S_IFCHR | 0o666, os.makedev(0, 0))
    sides.file("a")
    sides.copy(".", "/", local=False)
    assert sides.names() == ["a"]


def test_chown_by_name_applies_to_new_folders_too(sides: Sides) -> None:
    (sides.merged / "etc").mkdir()
    (sides.merged / "etc/passwd").write_text("app:x:1000:100::/:/bin/sh\n")
    (sides.merged / "etc/group").write_text("audio:x:29:\n")
    (sides.merged / "opt").mkdir()
    sides.file("src/a")
    sides.copy("src", "/opt/new/app", owner="app:audio")
    assert sides.owner("opt") == (0, 0)
    assert [sides.owner(name) for name in ("opt/new", "opt/new/app", "opt/new/app/a")] == [
        (1000, 29)
    ] * 3


def test_chown_on_a_destination_that_exists(sides: Sides) -> None:
    (sides.merged / "opt").mkdir()
    sides.file("src/a")
    sides.copy("src", "/opt", owner="5:6")
    assert (sides.owner("opt"), sides.owner("opt/a")) == ((0, 0), (5, 6))


def test_chown_by_name_from_scratch(sides: Sides) -> None:
    sides.file("a")
    with pytest.raises(ImageError, match="FROM scratch"):
        sides.copy("a", "/a", owner="app", scratch=True)
    sides.copy("a", "/a", owner="app")
    assert sides.owner("a") == (0, 0)


def test_octal_chmod(sides: Sides) -> None:
    sides.file("src/sub/a")
    (sides.merged / "there").mkdir(mode=0o700)
    sides.copy("src", "/there", mode="1777")
    sides.copy("src", "/new/top", mode="1777")
    assert sides.mode("there") == 0o700
    assert [sides.mode(name) for name in ("new", "new/top", "new/top/sub", "new/top/sub/a")] == [
        0o777,
        0o777,
        0o1777,
        0o1777,
    ]


def test_symbolic_chmod(sides: Sides) -> None:
    sides.file("src/sub/a", mode=0o640)
    sides.copy("src", "/new/top", mode="u+s,go=")
    assert [sides.mode(name) for name in ("new", "new/top", "new/top/sub", "new/top/sub/a")] == [
        0o755,
        0o755,
        0o4700,
        0o4600,
    ]

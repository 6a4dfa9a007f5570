from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
import threading
import time
from pathlib import Path

import pytest
from e2b_dockerfile_utils import PatternMatcher

from trimaran.errors import ContextError, ImageError, LayerError, StoreError
from trimaran.executor import copying, placing
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import ContextFiles, Copy, MakeFolder, Part, StepFiles

BASE = MakeFolder(None, "/", "")

pytestmark = pytest.mark.many_ids


class Sides:
    """A source root and a merged root, and COPY between them."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.merged = folder / "merged"
        self.source.mkdir(mode=0o755)
        self.merged.mkdir(mode=0o755)

    def file(self, name: str, text: str = "", mode: int = 0o644) -> Path:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or name)
        path.chmod(mode)
        return path

    def copy(
        self,
        *words: str,
        owner: str = "",
        mode: str = "",
        unpack: bool = False,
        local: bool = True,
        scratch: bool = False,
        ignore: PatternMatcher | None = None,
    ) -> None:
        source = ContextFiles("") if local else StepFiles(BASE)
        part = Part(source, words[:-1], unpack)
        step = Copy(None if scratch else BASE, (part,), words[-1], owner, mode)
        name = "the build context" if local else "stage build"
        root = SourceRoot(self.source, name, ignore, local=local)
        copying.copy_part(step, part, root, self.merged)

    def names(self) -> list[str]:
        found = (path.relative_to(self.merged) for path in self.merged.rglob("*"))
        return sorted(f"{path}/" if (self.merged / path).is_dir() else str(path) for path in found)

    def owner(self, name: str) -> tuple[int, int]:
        status = os.lstat(self.merged / name)
        return status.st_uid, status.st_gid

    def mode(self, name: str) -> int:
        return stat.S_IMODE(os.lstat(self.merged / name).st_mode)


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)


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


def test_ten_thousand_small_files_take_little_time(sides: Sides) -> None:
    for folder in range(100):
        (sides.source / f"d{folder}").mkdir()
        for number in range(100):
            (sides.source / f"d{folder}/f{number}").write_bytes(b"x" * 300)
    started = time.monotonic()
    sides.copy(".", "/x")
    assert time.monotonic() - started < 5  # about 0.6 s; the machine may be busy
    assert len(os.listdir(sides.merged / "x/d99")) == 100


def _archive(path: Path, names: dict[str, str], mode: str = "w") -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, text in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            info.uid = info.gid = 77
            archive.addfile(info, io.BytesIO(text.encode()))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_add_unpacks_archives_by_their_content(sides: Sides, mode: str) -> None:
    _archive(sides.source / "named-oddly", {"a": "1", "d/b": "2"}, mode)
    sides.copy("named-oddly", "/x", unpack=True)
    assert sides.names() == ["x/", "x/a", "x/d/", "x/d/b"]
    assert sides.owner("x/a") == (77, 77)


def test_copy_does_not_unpack(sides: Sides) -> None:
    _archive(sides.source / "a.tar", {"a": "1"})
    sides.copy("a.tar", "/x/")
    assert sides.names() == ["x/", "x/a.tar"]


def test_add_copies_what_is_no_archive(sides: Sides) -> None:
    sides.file("a.tar", "no archive")
    sides.file("d/b")
    sides.copy("a.tar", "/x", unpack=True)
    sides.copy("d", "/y", unpack=True)
    assert sides.names() == ["x", "y/", "y/b"]


def test_add_with_an_owner(sides: Sides) -> None:
    (sides.merged / "opt").mkdir()
    _archive(sides.source / "a.tar", {"d/b": "2"})
    sides.copy("a.tar", "/opt/new/app", owner="5:6", mode="700", unpack=True)
    assert sides.owner("opt") == (0, 0)
    assert [sides.owner(name) for name in ("opt/new", "opt/new/app")] == [(5, 6)] * 2
    assert (sides.owner("opt/new/app/d/b"), sides.mode("opt/new/app/d/b")) == ((5, 6), 0o644)


@pytest.mark.parametrize("name", ["../x", "../../../x"])
def test_add_of_an_archive_that_climbs(sides: Sides, tmp_path: Path, name: str) -> None:
    _archive(sides.source / "a.tar", {"a": "1", name: "out"})
    with pytest.raises(LayerError):
        sides.copy("a.tar", "/d", unpack=True)
    assert not (tmp_path / "x").exists()
    assert not (sides.merged / "x").exists()

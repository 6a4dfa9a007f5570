from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.snippets import USERS, run_snippet

from trimaran.errors import HostError
from trimaran.linux import mounts
from trimaran.linux.mounts import Bind, BinfmtMisc, Overlay, Proc, Tmpfs

A, B, C, T = Path("/a"), Path("/b"), Path("/c"), Path("/t")
users = pytest.mark.parametrize("user", USERS)

# Folders in memory; `base` is where, `lower(n)` makes one as the store names it.
START = """
    import os, tempfile
    from pathlib import Path
    from trimaran.errors import HostError
    from trimaran.linux import mounts, namespaces
    from trimaran.linux.mounts import Bind, BinfmtMisc, Overlay, Proc, Tmpfs
    namespaces.enter()
    base = Path(tempfile.mkdtemp())
    mounts.Tmpfs(base, mode=0o700).execute()
    target = base / "target"
    target.mkdir()
    def folder(*names):
        path = base.joinpath(*names)
        path.mkdir(parents=True)
        return path
    def lower(number):
        path = folder("snapshots", f"{number:016}", "fs")
        (path / f"file{number}").write_text(str(number))
        (path / "same").write_text(str(number))
        return path
    """
END = """
    mounts.unmount(base)
    os.rmdir(base)
    """


@pytest.mark.parametrize(
    ("mount", "text"),
    [
        (Bind(A, T), "bind /a on /t"),
        (Bind(A, T, read_only=True), "bind /a on /t read-only"),
        (Tmpfs(T), "tmpfs on /t"),
        (Proc(T), "proc on /t"),
        (BinfmtMisc(), "binfmt_misc on /proc/sys/fs/binfmt_misc"),
        (Overlay((A, B), C, A, T), "overlay of 2 folders, changes to /c, on /t"),
    ],
)
def test_describe(mount: mounts.Mount, text: str) -> None:
    assert mount.describe() == text


@pytest.mark.parametrize("mount", [Overlay((), None, None, T), Overlay((A, B), C, None, T)])
def test_an_overlay_without_sense_is_refused(mount: Overlay) -> None:
    with pytest.raises(ValueError, match="Overlay"):
        mount.execute()


def test_a_mount_that_fails_says_which(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=f"cannot mount bind /a on {tmp_path}: "):
        Bind(A, tmp_path).execute()
    with pytest.raises(HostError, match=f"cannot unmount {tmp_path}: "):
        mounts.unmount(tmp_path)


@pytest.mark.real
@users
@pytest.mark.parametrize("count", [1, 2, 90, 400])
def test_overlay_of_many_folders(user: str, count: int) -> None:
    found = run_snippet(
        START
        + """
    lowers = tuple(lower(number) for number in range(int(sys.argv[1])))
    upper, work = folder("new", "fs"), folder("new", "work")
    with mounts.mounted(Overlay(lowers, upper, work, target)) as merged:
        names = len(os.listdir(merged))
        top = (merged / "same").read_text()
        (merged / "added").write_text("")
        (merged / "file0").unlink()
    whiteout = (upper / "file0").lstat()
    answer([names, top, sorted(os.listdir(upper)), whiteout.st_rdev, oct(whiteout.st_mode),
        os.listdir(target)])
    """
        + END,
        user,
        str(count),
    )
    assert found == [count + 1, "0", ["added", "file0"], 0, "0o20000", []]


@pytest.mark.real
@users
def test_overlay_marks_opaque_folders_for_a_user_namespace(user: str) -> None:
    found = run_snippet(
        START
        + """
    (lower(0) / "folder").mkdir()
    upper, work = folder("new", "fs"), folder("new", "work")
    lowers = (base / "snapshots" / f"{0:016}" / "fs", lower(1))
    with mounts.mounted(Overlay(lowers, upper, work, target)) as merged:
        (merged / "folder").rmdir()
        (merged / "folder").mkdir()
    answer(os.getxattr(upper / "folder", "user.overlay.opaque").decode())
    """
        + END,
        user,
    )
    assert found == "y"


@pytest.mark.real
def test_overlay_without_upper_is_read_only_and_without_lowers_is_the_upper() -> None:
    found = run_snippet(
        START
        + """
    results = []
    for lowers in ((lower(0),), (lower(1), lower(2))):
        with mounts.mounted(Overlay(lowers, None, None, target)) as merged:
            try:
                (merged / "new").write_text("")
            except OSError as error:
                results.append([error.strerror, sorted(os.listdir(merged))])
    upper = folder("alone", "fs")
    with mounts.mounted(Overlay((), upper, folder("alone", "work"), target)) as merged:
        (merged / "new").write_text("")
    answer([*results, os.listdir(upper)])
    """
        + END
    )
    assert found == [
        ["Read-only file system", ["file0", "same"]],
        ["Read-only file system", ["file1", "file2", "same"]],
        ["new"],
    ]


@pytest.mark.real
def test_overlay_of_oddly_named_folders() -> None:
    found = run_snippet(
        START
        + """
    odd = [folder("x,y:z\\\\" + str(number)) for number in range(3)]
    for number, path in enumerate(odd):
        (path / f"file{number}").write_text("")
    upper, work = folder("up,per:", "fs"), folder("up,per:", "work")
    with mounts.mounted(Overlay(tuple(odd), upper, work, target)) as merged:
        answer(sorted(os.listdir(merged)))
    """
        + END
    )
    assert found == ["file0", "file1", "file2"]


@pytest.mark.real
@users
def test_bind_shows_what_is_mounted_below(user: str) -> None:
    found = run_snippet(
        START
        + """
    source = folder("source")
    inner = folder("source", "inner")
    mounts.Tmpfs(inner).execute()
    (inner / "deep").write_text("")
    with mounts.mounted(Bind(source, target, read_only=True)) as seen:
        names = os.listdir(seen / "inner")
        try:
            (seen / "new").write_text("")
        except OSError as error:
            answer([names, error.strerror])
    mounts.unmount(inner)
    """
        + END,
        user,
    )
    assert found == [["deep"], "Read-only file system"]


@pytest.mark.real
def test_unmount_of_a_mount_in_use() -> None:
    found = run_snippet(
        START
        + """
    mounts.Tmpfs(target, size_bytes=65536).execute()
    with open(target / "held", "w") as held:
        mounts.unmount(target)
        answer(os.listdir(target))
    """
        + END
    )
    assert found == []


@pytest.mark.real
@users
def test_binfmt_misc_is_empty_and_private(user: str) -> None:
    table = Path("/proc/sys/fs/binfmt_misc")
    before = sorted(table.iterdir())
    found = run_snippet(
        START
        + """
    BinfmtMisc().execute()
    answer(sorted(os.listdir("/proc/sys/fs/binfmt_misc")))
    """
        + END,
        user,
    )
    assert found == ["register", "status"]
    assert sorted(table.iterdir()) == before

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.linux import rootfs

Opener = Callable[[int, str, int], int]
OPENERS = pytest.mark.parametrize("opener", [rootfs.open_in_root, rootfs.open_by_steps])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with links of every kind; `outside` beside it must stay out of reach."""
    (tmp_path / "outside").write_text("outside")
    folder = tmp_path / "root"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "file").write_text("inside")
    (folder / "outside").write_text("inside")
    for name, target in {
        "up": "../../../outside",
        "absolute": "/a/file",
        "relative": "a/b/../file",
        "folder": "/a",
        "loop": "loop2",
        "loop2": "/loop",
        "dangling": "a/new",
        "chain": "folder/../absolute",
    }.items():
        (folder / name).symlink_to(target)
    return folder


def read(opener: Opener, root: Path, path: str, flags: int = os.O_RDONLY) -> str:
    root_fd = rootfs.open_root(root)
    try:
        with open(opener(root_fd, path, flags), encoding="utf-8") as file:
            return file.read()
    finally:
        os.close(root_fd)


@OPENERS
@pytest.mark.parametrize(
    "path",
    [
        *("a/file", "/a/file", "//a//./file", "up", "absolute", "relative", "folder/file", "chain"),
        *("outside", "../outside", "/../../outside", "a/../../outside", "folder/../outside"),
    ],
)
def test_every_way_ends_inside(opener: Opener, root: Path, path: str) -> None:
    assert read(opener, root, path) == "inside"


@OPENERS
@pytest.mark.parametrize(
    ("path", "flags", "number"),
    [
        ("loop", os.O_RDONLY, errno.ELOOP),
        ("absolute", os.O_RDONLY | os.O_NOFOLLOW, errno.ELOOP),
        ("none", os.O_RDONLY, errno.ENOENT),
        ("none/file", os.O_RDONLY, errno.ENOENT),
        ("a/file/x", os.O_RDONLY, errno.ENOTDIR),
        ("a/file/", os.O_RDONLY, errno.ENOTDIR),
        ("dangling", os.O_RDONLY, errno.ENOENT),
        ("up", os.O_WRONLY | os.O_CREAT | os.O_EXCL, errno.EEXIST),
    ],
)
def test_errors_are_the_kernels(
    opener: Opener, root: Path, path: str, flags: int, number: int
) -> None:
    with pytest.raises(OSError, match=r".") as caught:
        read(opener, root, path, flags)
    assert caught.value.errno == number


@OPENERS
@pytest.mark.parametrize("path", ["", "/", ".", "..", "folder/..", "a/b/../.."])
def test_the_root_itself(opener: Opener, root: Path, path: str) -> None:
    root_fd = rootfs.open_root(root)
    descriptor = opener(root_fd, path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        assert os.path.samestat(os.fstat(descriptor), root.stat())
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)
        os.close(root_fd)


@pytest.mark.parametrize("opener", [rootfs.open_in_root, rootfs.open_by_steps])
def test_a_file_is_made_behind_a_dangling_link(
    opener: Callable[[int, str, int, int], int], root: Path
) -> None:
    root_fd = rootfs.open_root(root)
    os.close(opener(root_fd, "dangling", os.O_WRONLY | os.O_CREAT, 0o640))
    os.close(root_fd)
    assert (root / "a" / "new").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("absolute", "a/file"),
        ("up", "outside"),
        ("folder/b/../none/x", "a/none/x"),
        ("dangling", "a/new"),
        ("../../etc", "etc"),
        ("/", ""),
        ("a/file/x", "a/file/x"),
    ],
)
def test_resolve(root: Path, path: str, real: str) -> None:
    assert rootfs.resolve(root, path) == root / real


def test_resolve_keeps_the_last_link_on_request(root: Path) -> None:
    assert rootfs.resolve(root, "folder/../chain", follow_last=False) == root / "chain"


def test_resolve_refuses_a_loop(root: Path) -> None:
    with pytest.raises(OSError, match="loop") as caught:
        rootfs.resolve(root, "/loop/x")
    assert caught.value.errno == errno.ELOOP


_NAMES = ["a", "b", "c", "..", "."]
_PATHS = st.builds(
    lambda absolute, parts: "/" * absolute + "/".join(parts),
    st.booleans(),
    st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4),
)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), _PATHS), max_size=4), _PATHS)
def test_steps_and_resolve_agree_with_the_kernel(links: list[tuple[str, str]], path: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "root")
        for folder in ("a", "a/b", "b"):
            (root / folder).mkdir(parents=True)
        for index, (link, target) in enumerate(links):
            place = root / ("a", "b", "")[index % 3] / link
            if not place.is_symlink() and not place.exists():
                place.symlink_to(target)
        kernel = identity(rootfs.open_in_root, root, path)
        assert identity(rootfs.open_by_steps, root, path) == kernel
        if isinstance(kernel, tuple):
            found = rootfs.resolve(root, path)
            assert (found.lstat().st_dev, found.lstat().st_ino) == kernel
            assert found.is_relative_to(root)


def identity(opener: Opener, root: Path, path: str) -> tuple[int, int] | int | None:
    root_fd = rootfs.open_root(root)
    try:
        descriptor = opener(root_fd, path, os.O_PATH)
        status = os.fstat(descriptor)
        os.close(descriptor)
    except OSError as error:
        return error.errno
    finally:
        os.close(root_fd)
    return status.st_dev, status.st_ino

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from trimaran.linux import syscalls


def test_a_failure_is_an_oserror_with_the_kernels_errno(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=str(tmp_path / "none")) as caught:
        syscalls.mount("tmpfs", str(tmp_path / "none"), "tmpfs")
    assert caught.value.errno in (errno.ENOENT, errno.EPERM)
    with pytest.raises(OSError, match=r".") as caught:
        syscalls.setns(0, syscalls.CLONE_NEWNS)
    assert caught.value.errno in (errno.EINVAL, errno.EPERM)
    with pytest.raises(OSError, match=r".") as caught:
        syscalls.unshare(-1)
    assert caught.value.errno == errno.EINVAL


def test_options_longer_than_a_page_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=str(tmp_path)) as caught:
        syscalls.mount("overlay", str(tmp_path), "overlay", 0, "x" * 70000)
    assert caught.value.errno == errno.E2BIG


def test_openat2_does_not_leave_the_root(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    folder = os.open(tmp_path, os.O_PATH)
    try:
        with pytest.raises(FileNotFoundError):
            syscalls.openat2(folder, "link", os.O_RDONLY, resolve=syscalls.RESOLVE_IN_ROOT)
        made = syscalls.openat2(folder, "new", os.O_CREAT | os.O_WRONLY, 0o600)
        assert not os.get_inheritable(made)
        os.close(made)
    finally:
        os.close(folder)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_syncfs(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    syscalls.syncfs(folder)
    os.close(folder)
    with pytest.raises(OSError, match=r".") as caught:
        syscalls.syncfs(folder)
    assert caught.value.errno == errno.EBADF


def test_a_file_can_be_written_early_and_a_pipe_cannot(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb", buffering=0) as file:
        file.write(bytes(1 << 20))
        syscalls.start_writing(file.fileno(), 0, 1 << 20)
    ends = os.pipe()
    with pytest.raises(OSError, match=r".") as caught:
        syscalls.start_writing(ends[1], 0, 1)
    assert caught.value.errno == errno.ESPIPE
    for end in ends:
        os.close(end)

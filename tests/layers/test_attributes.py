from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from trimaran.layers import attributes


def test_marks_of_the_overlay_are_kept_apart(tmp_path: Path) -> None:
    for name in ("user.a.b", "user.overlay.opaque", "user.overlay.x.y"):
        os.setxattr(tmp_path, name, b"v")
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert attributes.read(fd) == ({b"user.a.b": b"v"}, {b"opaque": b"v", b"x.y": b"v"})
    finally:
        os.close(fd)


def test_only_what_is_refused_for_good_is_let_go(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path)
    attributes.put(path, {b"nonsense.a": b"", b"user.overlay.opaque": b"y", b"user.a": b"v"})
    assert os.listxattr(path) == ["user.a"]
    with pytest.raises(OSError, match=r"Errno") as caught:
        attributes.put(path, {b"user.big": bytes(70_000)})
    assert caught.value.errno in (errno.ENOSPC, errno.E2BIG)


def test_a_capability_is_never_let_go(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"Errno") as caught:
        attributes.put(os.fsencode(tmp_path), {b"security.capability": b"nonsense"})
    assert caught.value.errno in (errno.EINVAL, errno.EPERM)


def test_a_link_s_target_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    os.symlink("target", tmp_path / "link")
    attributes.put(os.fsencode(tmp_path / "link"), {b"user.a": b"v"})
    assert os.listxattr(tmp_path / "target") == []

"""Layers of one step compared."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trimaran.executor.comparing import differences


def filled(folder: Path) -> Path:
    (folder / "usr/bin").mkdir(parents=True)
    (folder / "usr/bin/tool").write_bytes(b"one")
    (folder / "usr/bin/link").symlink_to("tool")
    (folder / "var/log").mkdir(parents=True)
    (folder / "var/log/apt.log").write_text("now")
    return folder


def rewrite(folder: Path) -> None:
    (folder / "usr/bin/tool").write_bytes(b"two")


def lengthen(folder: Path) -> None:
    (folder / "usr/bin/tool").write_bytes(b"longer")


def retarget(folder: Path) -> None:
    (folder / "usr/bin/link").unlink()
    (folder / "usr/bin/link").symlink_to("other")


def swap(folder: Path) -> None:
    (folder / "usr/bin/link").unlink()
    (folder / "usr/bin/link").write_bytes(b"one")


def mark(folder: Path) -> None:
    os.setxattr(folder / "usr/bin/tool", "user.mark", b"1")


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "content": (rewrite, "/usr/bin/tool: content"),
    "size": (lengthen, "/usr/bin/tool: content"),
    "mode": (lambda one: (one / "usr/bin/tool").chmod(0o755), "/usr/bin/tool: mode"),
    "link": (retarget, "/usr/bin/link: link"),
    "kind": (swap, "/usr/bin/link: kind"),
    "attribute": (mark, "/usr/bin/tool: attributes"),
    "more": (lambda one: (one / "new").write_text(""), "/new: only without stand-ins"),
    "less": (lambda one: (one / "usr/bin/link").unlink(), "/usr/bin/link: only with stand-ins"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_difference_is_named(case: str, tmp_path: Path) -> None:
    left, right = filled(tmp_path / "left"), filled(tmp_path / "right")
    assert differences(left, right) == ()

    change, told = CASES[case]
    change(right)

    assert differences(left, right) == (told,)


def test_logs_and_times_do_not_count(tmp_path: Path) -> None:
    left, right = filled(tmp_path / "left"), filled(tmp_path / "right")
    (right / "var/log/apt.log").write_text("later")
    os.utime(right / "usr/bin/tool", (1, 1))

    assert differences(left, right) == ()


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("src/target/release/.fingerprint/p-14a4/bin-p.json", False),
        ("src/target/debug/incremental/p-0eck/s-hoh4-1ketnpe.lock", False),
        ("root/.cargo/.global-cache", False),
        ("src/out/.ninja_log", False),
        ("src/out/CMakeFiles/CMakeConfigureLog.yaml", False),
        ("src/out/CMakeCache.txt", True),
        ("src/target/release/deps/libp-14a4.rlib", True),
        ("src/target/debug/p", True),
    ],
)
def test_what_build_tools_note_of_times_does_not_count(
    tmp_path: Path, path: str, *, counts: bool
) -> None:
    left, right = filled(tmp_path / "left"), filled(tmp_path / "right")
    for folder in (left, right):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(folder.name)

    assert differences(left, right) == ((f"/{path}: content",) if counts else ())


def test_the_time_of_a_compiled_modules_source_does_not_count(tmp_path: Path) -> None:
    folders = [filled(tmp_path / name) for name in ("one", "other", "third")]
    contents = (b"magic---timesizecode", b"magic---TIMEsizecode", b"magic---timesizeCODE")
    for folder, content in zip(folders, contents, strict=True):
        (folder / "usr/bin/m.pyc").write_bytes(content)
    one, other, third = folders
    assert differences(one, other) == ()
    assert differences(one, third) == ("/usr/bin/m.pyc: content",)

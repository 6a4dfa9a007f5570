from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from tests.layers.test_apply import FOLDER, LINK, SYMLINK, archive, item
from tests.layers.trees import tree

from trimaran.errors import LayerError
from trimaran.layers.unpack import newest, unpack_archive


def plain(data: bytes) -> bytes:
    return data


@pytest.mark.parametrize(
    "pack", [plain, gzip.compress, bz2.compress, lzma.compress, zstandard.compress]
)
def test_archives_are_known_by_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    data = pack(archive(item("d/f", data="x")))
    assert unpack_archive(io.BytesIO(data), tmp_path, "/opt/app/")
    assert (tmp_path / "opt" / "app" / "d" / "f").read_text() == "x"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"just text",
        bytes(1024),
        bytes(range(256)) * 8,
        gzip.compress(b"text"),
        gzip.compress(b"text")[:-9],
        b"\x1f\x8bgarbage",
        archive(item("f"))[:300],
    ],
    ids=["empty", "text", "zeros", "noise", "gzip", "cut gzip", "bad gzip", "cut tar"],
)
def test_other_files_are_no_archives(tmp_path: Path, data: bytes) -> None:
    assert not unpack_archive(io.BytesIO(data), tmp_path, "/new")
    assert os.listdir(tmp_path) == []


def test_the_archive_s_own_root_leaves_the_destination_alone(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(0o711)
    os.utime(tmp_path / "d", (5, 5))
    unpack_archive(io.BytesIO(archive(item("./", FOLDER, mode=0o700))), tmp_path, "d")
    facts = (tmp_path / "d").stat()
    assert (facts.st_mode & 0o7777, facts.st_mtime) == (0o711, 5)


def test_whiteouts_are_plain_files(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    unpack_archive(io.BytesIO(archive(item(".wh.f"))), tmp_path, "/")
    assert sorted(os.listdir(tmp_path)) == [".wh.f", "f"]


def test_hard_links_are_below_the_destination(tmp_path: Path) -> None:
    data = archive(item("f", data="x"), item("h", LINK, link="f"))
    unpack_archive(io.BytesIO(data), tmp_path, "/a/b")
    assert (tmp_path / "a" / "b" / "h").stat().st_nlink == 2


def test_a_link_as_destination_is_followed_in_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    os.symlink("/real", root / "link")
    unpack_archive(io.BytesIO(archive(item("f"))), root, "/link")
    assert (root / "real" / "f").exists()


def test_nothing_is_written_outside_the_destination(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(LayerError, match="leads out of the root"):
        unpack_archive(io.BytesIO(archive(item("../x"))), root, "/d")
    evil = archive(item("l", SYMLINK, link="../../.."), item("l/x", data="x"))
    unpack_archive(io.BytesIO(evil), root, "/d")
    assert sorted(tree(tmp_path)) == [b"root", b"root/d", b"root/d/l", b"root/x"]


def test_an_owner_is_given_to_entries(tmp_path: Path) -> None:
    info, data = item("f")
    info.uid = info.gid = 2**31  # would be refused for an ordinary user
    owner = (os.getuid(), os.getgid())
    unpack_archive(io.BytesIO(archive((info, data))), tmp_path, "/", owner=owner)
    assert (tmp_path / "f").stat().st_uid == os.getuid()


def test_damage_after_the_first_entry_is_an_error(tmp_path: Path) -> None:
    data = archive(item("f", data="x" * 900), item("g", data="y" * 900))
    with pytest.raises(LayerError, match=r"a\.tar: malformed tar archive at or after entry 'g'"):
        unpack_archive(io.BytesIO(data[:2500]), tmp_path, "/", label="a.tar")


def test_tarfile_agrees_on_a_real_tree(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "d").mkdir(parents=True)
    (source / "d" / "f").write_text("x" * 5000)
    os.symlink("f", source / "d" / "s")
    os.link(source / "d" / "f", source / "h")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as tar:
        tar.add(source, arcname=".")
    out.seek(0)
    target.mkdir()
    assert unpack_archive(out, target, "/")
    assert tree(target) == tree(source)


def test_the_newest_file_of_an_archive_tells_its_time() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for name, kind, seconds in (
            ("old", tarfile.REGTYPE, 5),
            ("new", tarfile.REGTYPE, 77),
            ("folder", tarfile.DIRTYPE, 999),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.mtime = kind, seconds
            made.addfile(member)
    assert newest(io.BytesIO(gzip.compress(buffer.getvalue()))) == 77
    assert newest(io.BytesIO(archive(item("folder", FOLDER)))) is None
    assert newest(io.BytesIO(b"just text")) is None

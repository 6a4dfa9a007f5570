from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.layers.trees import tree

from trimaran.errors import LayerError
from trimaran.layers.apply import apply_layer
from trimaran.oci import media_types

FILE, FOLDER, LINK, SYMLINK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE


def item(
    name: str,
    kind: bytes = FILE,
    data: str = "",
    link: str = "",
    *,
    mode: int = 0o755,
    pax: str = "",
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.uid, info.gid, info.mtime = os.getuid(), os.getgid(), 1000
    info.size = len(data)
    info.pax_headers = dict([pax.split("=", 1)]) if pax else {}
    return info, data.encode()


def archive(*items: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", errors="surrogateescape") as tar:
        for info, data in items:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def apply(root: Path, *items: tuple[tarfile.TarInfo, bytes]) -> str:
    return apply_layer(io.BytesIO(archive(*items)), media_types.LAYER, root, label="L")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A root beside which lies a file that must not change, nor get neighbours."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (tmp_path / "root").mkdir()
    before = tree(tmp_path / "outside")
    yield tmp_path / "root"
    assert tree(tmp_path / "outside") == before
    assert sorted(os.listdir(tmp_path)) == ["outside", "root"]


def test_the_diff_id_covers_all_bytes(root: Path) -> None:
    plain = archive(item("f", data="data")) + bytes(10240)
    diff_id = apply_layer([gzip.compress(plain)], media_types.LAYER_GZIP, root)
    assert diff_id == "sha256:" + hashlib.sha256(plain).hexdigest()
    assert (root / "f").read_text() == "data"


def test_metadata_is_set(root: Path) -> None:
    apply(
        root,
        item("d", FOLDER, mode=0o1777),
        item("d/f", data="x", mode=0o4711, pax="SCHILY.xattr.user.a=b"),
        item("d/s", SYMLINK, link="f"),
        item("d/p", tarfile.FIFOTYPE, mode=0o640),
        item("d/h", LINK, link="d/f"),
    )
    owner = (os.getuid(), os.getgid(), 1000)
    assert tree(root) == {
        b"d": ("0o41777", *owner, b"", {}, b""),
        b"d/f": ("0o104711", *owner, b"x", {"user.a": b"b"}, b"d/f"),
        b"d/h": ("0o104711", *owner, b"x", {"user.a": b"b"}, b"d/f"),
        b"d/p": ("0o10640", *owner, b"", {}, b""),
        b"d/s": ("0o120777", *owner, b"f", {}, b""),
    }


def test_the_root_s_own_entry_sets_the_root(root: Path) -> None:
    apply(root, item("./", FOLDER, mode=0o711))
    facts = root.stat()
    assert (facts.st_mode & 0o7777, facts.st_mtime) == (0o711, 1000)


def test_a_folder_keeps_its_children_and_takes_the_mode(root: Path) -> None:
    (root / "d").mkdir(0o700)
    (root / "d" / "old").touch()
    apply(root, item("d/", FOLDER, mode=0o750))
    assert (root / "d" / "old").exists()
    assert (root / "d").stat().st_mode & 0o7777 == 0o750


@pytest.mark.parametrize("kind", [FILE, FOLDER, SYMLINK, LINK, tarfile.FIFOTYPE])
@pytest.mark.parametrize("old", ["file", "folder", "symlink"])
def test_an_entry_replaces_what_is_there(root: Path, old: str, kind: bytes) -> None:
    if old == "folder":
        (root / "x" / "deep").mkdir(parents=True)
    elif old == "file":
        (root / "x").write_text("old")
    else:
        os.symlink("../outside", root / "x")
    apply(root, item("target", data="new"), item("x", kind, link="target"))
    tarred = tree(root)[b"x"]
    expected = {FILE: "0o100", FOLDER: "0o40", SYMLINK: "0o120", LINK: "0o100"}
    assert str(tarred[0]).startswith(expected.get(kind, "0o10"))
    assert (root / "x" / "deep").exists() == (kind == FOLDER and old == "folder")


def test_missing_parents_are_made_0755(root: Path) -> None:
    old = os.umask(0o077)
    try:
        apply(root, item("a/b/f"))
    finally:
        os.umask(old)
    assert [(root / name).stat().st_mode & 0o7777 for name in ("a", "a/b")] == [0o755, 0o755]


def test_devices_are_passed_over(root: Path) -> None:
    apply(root, item("dev/null", tarfile.CHRTYPE), item("dev/sda", tarfile.BLKTYPE), item("f"))
    assert os.listdir(root) == ["f"]


def test_whiteouts_remove_files_and_folders(root: Path) -> None:
    (root / "d" / "sub").mkdir(parents=True)
    (root / "d" / "sub" / "f").touch()
    (root / "d" / "keep").touch()
    apply(root, item("d/.wh.sub"), item("d/.wh.never"), item("nowhere/.wh.x"), item(".wh..wh.plnk"))
    assert sorted(tree(root)) == [b"d", b"d/keep"]


def test_a_whiteout_removes_a_link_not_its_target(root: Path) -> None:
    (root / "target").mkdir()
    os.symlink("target", root / "link")
    apply(root, item(".wh.link"))
    assert os.listdir(root) == ["target"]


def test_an_opaque_folder_loses_all_but_this_layer_s_own(root: Path) -> None:
    for name in ("d/old", "d/sub/old", "d/sub/deep/old", "other/old"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    apply(root, item("d/sub/new"), item("d/.wh..wh..opq"), item("d/later"), item("no/.wh..wh..opq"))
    assert sorted(tree(root)) == [
        b"d", b"d/later", b"d/sub", b"d/sub/new", b"other", b"other/old"
    ]  # fmt: skip


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "d/.wh.."])
def test_a_whiteout_of_no_name_is_refused(root: Path, name: str) -> None:
    with pytest.raises(LayerError, match="is not a valid whiteout"):
        apply(root, item(name))


def test_links_on_the_way_stay_in_the_root(root: Path) -> None:
    (root / "real").mkdir()
    os.symlink("/real", root / "absolute")
    os.symlink("../../../real", root / "up")
    os.symlink("/not/yet", root / "dangling")
    apply(root, item("absolute/a"), item("up/b"), item("dangling/c"), item("up/../f"))
    assert sorted(os.listdir(root / "real")) == ["a", "b"]
    assert (root / "not" / "yet" / "c").exists()
    assert (root / "f").exists()


def test_a_link_out_of_the_root_and_a_write_through_it(root: Path) -> None:
    apply(root, item("l", SYMLINK, link="../outside"), item("l/f"))
    assert (root / "outside" / "f").exists()
    apply(root, item("m", SYMLINK, link=str(root.parent / "outside")), item("m/secret", data="x"))
    apply(root, item("m/.wh.secret"), item("m/.wh..wh..opq"))


def test_a_file_is_never_written_through_a_link(root: Path) -> None:
    os.symlink("../outside/secret", root / "l")
    apply(root, item("l", data="new"))
    assert not (root / "l").is_symlink()


def test_a_folder_that_becomes_a_link_is_looked_up_again(root: Path) -> None:
    apply(
        root,
        item("d/f"),
        item("e", FOLDER),
        item("d", SYMLINK, link="e"),
        item("d/g"),
    )
    assert sorted(tree(root)) == [b"d", b"e", b"e/g"]


def test_absolute_names_are_below_the_root(root: Path) -> None:
    apply(root, item("/abs", data="x"), item("h", LINK, link="/abs"))
    assert (root / "h").read_text() == "x"


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (item("../outside/x"), r"L: entry '\.\./outside/x': the name leads out of the root"),
        (item("a/../../outside/x"), "leads out of the root"),
        (item("..", FOLDER), "leads out of the root"),
        (item("h", LINK, link="../outside/secret"), r"hard link to '\.\./outside/secret'.*leads"),
        (item("h", LINK, link="missing"), "L: entry 'h': hard link to 'missing', which is not"),
        (item("h", LINK, link="/"), "which is a folder"),
        (item("f/x"), "L: entry 'f/x': Not a directory"),
        (item("loop/x"), "L: entry 'loop/x': Too many levels of symbolic links"),
        (item("n" * 256), "File name too long"),
        (item("./", FILE), "Is a directory"),
        (item("nul", pax="path=a\0b"), "the name holds a NUL byte"),
    ],
)
def test_bad_entries_are_refused_by_name(
    root: Path, bad: tuple[tarfile.TarInfo, bytes], match: str
) -> None:
    (root / "f").touch()
    os.symlink("loop", root / "loop")
    with pytest.raises(LayerError, match=match):
        apply(root, bad)


def test_a_hard_link_through_a_link_stays_in_the_root(root: Path) -> None:
    os.symlink("../outside", root / "l")
    with pytest.raises(LayerError, match="which is not there"):
        apply(root, item("h", LINK, link="l/secret"))


def test_an_archive_cannot_steer_the_overlay(root: Path) -> None:
    apply(root, item("d", FOLDER, pax="SCHILY.xattr.user.overlay.redirect=/x"))
    assert os.listxattr(root / "d") == []


def test_odd_attributes_are_let_go(root: Path) -> None:
    apply(root, item("f", pax="SCHILY.xattr.nonsense.a=b"))
    assert os.listxattr(root / "f") == []


def test_names_may_be_any_bytes(root: Path) -> None:
    apply(root, item("\udcff" * 200 + "/\n\udc80", data="x"))
    assert os.listdir(os.fsencode(root) + b"/" + b"\xff" * 200) == [b"\n\x80"]


def test_times_out_of_range_are_cut(root: Path) -> None:
    apply(root, item("f", pax="mtime=99999999999999999999999"))
    assert (root / "f").stat().st_mtime > 1000


@pytest.mark.parametrize(
    "media_type",
    [
        media_types.CONFIG,
        "text/plain",
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
    ],
)
def test_other_media_types_are_refused(root: Path, media_type: str) -> None:
    with pytest.raises(LayerError, match="cannot extract the media type"):
        apply_layer([], media_type, root)


def test_a_layer_cut_short_is_refused(root: Path) -> None:
    data = gzip.compress(archive(item("f", data="x" * 9000)))
    for end in (20, 100, len(data) - 4):
        with pytest.raises(LayerError, match=r"L: .*cut short"):
            apply_layer([data[:end]], media_types.LAYER_GZIP, root, label="L")


def test_damage_behind_the_archive_is_seen(root: Path) -> None:
    data = gzip.compress(archive(item("f")) + os.urandom(1 << 20))
    with pytest.raises(LayerError, match=r"L: .*cut short"):
        apply_layer([data[:-100]], media_types.LAYER_GZIP, root, label="L")


WORDS = st.sampled_from(["a", "b", "..", "c/d", "/", "../..", ".wh.a", ".wh..wh..opq", "outside"])
PATHS = st.lists(WORDS, min_size=1, max_size=3).map("/".join)
KINDS = st.sampled_from([FILE, FOLDER, LINK, SYMLINK])
HOSTILE = st.lists(st.builds(item, PATHS, KINDS, st.just(""), PATHS), max_size=8)


@given(HOSTILE)
@example([item("b/a", FOLDER), item("b", SYMLINK, "", "b")])
def test_nothing_is_ever_written_outside(
    tmp_path_factory: pytest.TempPathFactory, items: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    base = tmp_path_factory.mktemp("hostile")
    (base / "outside").mkdir()
    (base / "outside" / "a").write_text("secret")
    (base / "root").mkdir()
    before = tree(base / "outside")
    with suppress(LayerError):
        apply(base / "root", *items)
    assert tree(base / "outside") == before
    assert sorted(os.listdir(base)) == ["outside", "root"]

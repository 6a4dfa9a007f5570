from __future__ import annotations

import hashlib
import io
import os
import socket
import stat
import tarfile
import tempfile
from pathlib import Path
from typing import get_args

import pytest

from trimaran.errors import LayerError
from trimaran.layers.diff import write_layer, write_roots
from trimaran.layers.pipeline import WrittenLayer
from trimaran.request import Compression


def written(folder: Path, clamp_mtime: int | None = None) -> bytes:
    out = io.BytesIO()
    write_layer(folder, out, compression="uncompressed", clamp_mtime=clamp_mtime)
    return out.getvalue()


def infos(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {info.name: info for info in tar}


def names(data: bytes) -> list[str]:
    return list(infos(data))


@pytest.mark.parametrize("compression", get_args(Compression))
def test_digests_and_sizes_are_those_of_the_bytes(tmp_path: Path, compression: Compression) -> None:
    (tmp_path / "big").write_bytes(os.urandom(3 << 20) + bytes(3 << 20))
    (tmp_path / "small").write_text("text")
    out = io.BytesIO()
    layer = write_layer(tmp_path, out, compression=compression)
    plain = written(tmp_path)
    assert layer == WrittenLayer(
        "sha256:" + hashlib.sha256(plain).hexdigest(),
        "sha256:" + hashlib.sha256(out.getvalue()).hexdigest(),
        len(out.getvalue()),
        len(plain),
        layer.media_type,
    )


def test_an_empty_folder_is_an_empty_archive(tmp_path: Path) -> None:
    assert written(tmp_path) == bytes(1024)


def test_entries_are_sorted_and_folders_come_first(tmp_path: Path) -> None:
    for name in (b"b", b"a-c", b"a", b"\xff", b"B"):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).mkdir()
    (tmp_path / "a" / "f").touch()
    assert names(written(tmp_path)) == ["B", "a", "a/f", "a-c", "b", "\udcff"]


def test_equal_content_gives_equal_bytes() -> None:
    results: set[bytes] = set()
    for order in ("abc", "cba"):
        with tempfile.TemporaryDirectory() as folder:
            for name in order:
                path = Path(folder, name)
                path.write_text(name)
                os.utime(path, (len(results), 7))
            results.add(written(Path(folder)))
    assert len(results) == 1


def test_names_of_users_and_other_times_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    os.utime(tmp_path / "f", ns=(1, 5_999_999_999))
    info = infos(written(tmp_path))["f"]
    assert (info.uname, info.gname, info.mtime, info.pax_headers) == ("", "", 5, {})


def test_later_times_are_clamped(tmp_path: Path) -> None:
    for name, mtime in (("early", 10), ("late", 10**10)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (mtime, mtime))
    found = infos(written(tmp_path, clamp_mtime=1000))
    assert (found["early"].mtime, found["late"].mtime) == (10, 1000)


def test_hard_links_point_to_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "z").write_text("data")
    os.link(tmp_path / "z", tmp_path / "d" / "y")
    os.symlink("target", tmp_path / "s")
    os.link(tmp_path / "s", tmp_path / "t", follow_symlinks=False)
    found = infos(written(tmp_path))
    assert found["d/y"].isreg()
    assert (found["z"].type, found["z"].linkname) == (tarfile.LNKTYPE, "d/y")
    assert (found["s"].type, found["s"].linkname) == (tarfile.SYMTYPE, "target")
    assert (found["t"].type, found["t"].linkname) == (tarfile.LNKTYPE, "s")


def test_modes_keep_their_special_bits(tmp_path: Path) -> None:
    for mode in (0o4755, 0o2755, 0o1777, 0o000):
        path = tmp_path / oct(mode)
        path.mkdir() if mode == 0o1777 else path.touch()
        path.chmod(mode)
    if os.getuid():
        (tmp_path / "0o0").chmod(0o400)
    found = infos(written(tmp_path))
    assert all(found[name].mode == int(name, 8) for name in found if name != "0o0")


def test_fifos_stay_and_sockets_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        found = infos(written(tmp_path))
    assert [(name, info.isfifo()) for name, info in found.items()] == [("fifo", True)]


def test_both_forms_of_whiteouts_become_files(tmp_path: Path) -> None:
    os.mknod(tmp_path / "gone", stat.S_IFCHR)
    (tmp_path / "d").mkdir()
    os.link(tmp_path / "gone", tmp_path / "d" / "too")
    (tmp_path / "also").touch()
    os.setxattr(tmp_path / "also", "user.overlay.whiteout", b"")
    found = infos(written(tmp_path))
    assert list(found) == [".wh.also", "d", "d/.wh.too", ".wh.gone"]
    assert all(found[name].isreg() and not found[name].size for name in found if ".wh." in name)


def test_an_opaque_folder_is_marked_before_its_children(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "!first").touch()
    os.setxattr(tmp_path / "d", "user.overlay.opaque", b"y")
    (tmp_path / "merge").mkdir()
    os.setxattr(tmp_path / "merge", "user.overlay.opaque", b"x")
    assert names(written(tmp_path)) == ["d", "d/.wh..wh..opq", "d/!first", "merge"]


def test_user_attributes_are_kept_but_not_the_overlay_s(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    os.setxattr(tmp_path / "f", "user.kept", b"\xff\0")
    os.setxattr(tmp_path / "f", "user.overlay.origin", b"x")
    headers = infos(written(tmp_path))["f"].pax_headers
    assert headers == {"SCHILY.xattr.user.kept": "\udcff\0"}


@pytest.mark.parametrize("mark", ["redirect", "metacopy"])
def test_a_file_of_which_the_overlay_holds_a_part_is_refused(tmp_path: Path, mark: str) -> None:
    (tmp_path / "d").mkdir()
    os.setxattr(tmp_path / "d", f"user.overlay.{mark}", b"/x")
    with pytest.raises(LayerError, match="'d' holds only part of its content"):
        written(tmp_path)


def test_a_name_that_means_a_deletion_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".wh.f").touch()
    with pytest.raises(LayerError, match=r"'\.wh\.f' cannot be stored in a layer"):
        written(tmp_path)


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    os.symlink("/etc", tmp_path / "etc")
    assert infos(written(tmp_path))["etc"].issym()


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(3 << 20))

    class Shrinking:
        def write(self, _: bytes, /) -> None:
            os.truncate(path, 10)

    with pytest.raises(LayerError, match="'f' became shorter"):
        write_layer(tmp_path, Shrinking(), compression="uncompressed")


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(os.urandom(40 << 20))
    with Path("/dev/full").open("wb", buffering=0) as out, pytest.raises(OSError, match="No space"):
        write_layer(tmp_path, out, compression="gzip")


def test_a_whole_root_is_written_without_whiteouts(tmp_path: Path) -> None:
    os.mknod(tmp_path / "char", stat.S_IFCHR)
    (tmp_path / ".wh.f").touch()
    out = io.BytesIO()
    write_roots({"": tmp_path}, out)
    found = infos(out.getvalue())
    assert list(found) == [".wh.f", "char"]
    assert found["char"].ischr()


def test_several_roots_get_a_folder_each(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("data")
    os.link(tmp_path / "f", tmp_path / "h")
    out = io.BytesIO()
    write_roots({"linux_amd64": tmp_path, "linux_arm64": tmp_path}, out)
    found = infos(out.getvalue())
    assert list(found) == [
        f"linux_{cpu}{name}" for cpu in ("amd64", "arm64") for name in ("", "/f", "/h")
    ]
    assert found["linux_arm64/h"].linkname == "linux_arm64/f"

from __future__ import annotations

import gzip
import io
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from trimaran.errors import ImageError, NotFoundError
from trimaran.images import layout_tar
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.images.layout_tar import LayoutArchive
from trimaran.images.local import StoreImages
from trimaran.oci.models import Descriptor
from trimaran.store.store import Store

MakeImage = Callable[..., Descriptor]


def test_a_written_archive_is_read_back(
    tmp_path: Path, local: StoreImages, layout: Layout, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "amd64", "arm64")
    layout_tar.write(local, descriptor, tmp_path / "out.tar", names=["app:1.0", "app:latest"])
    archive = LayoutArchive(tmp_path / "out.tar")
    assert archive.names() == ["docker.io/library/app:1.0", "docker.io/library/app:latest"]
    assert archive.resolve("1.0") == archive.resolve("") == descriptor
    assert copy(archive, archive.resolve("app:1.0"), layout, tag="1.0") == descriptor
    assert (tmp_path / "out.tar").stat().st_size % 512 == 0


def test_the_same_image_gives_the_same_bytes_whatever_the_way(
    tmp_path: Path, local: StoreImages, layout: Layout, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "amd64", "arm64")
    copy(local, descriptor, layout)
    layout_tar.write(local, descriptor, tmp_path / "out.tar", names=["1.0"])
    stream = io.BytesIO()
    layout_tar.write(layout, descriptor, stream, names=["1.0"])
    assert stream.getvalue() == (tmp_path / "out.tar").read_bytes()


def test_the_archive_is_sorted_and_tells_nothing_of_its_maker(
    tmp_path: Path, local: StoreImages, make_image: MakeImage
) -> None:
    layout_tar.write(local, make_image(local, "amd64"), tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as archive:
        members = archive.getmembers()
    names = [member.name for member in members]
    assert names[:4] == ["oci-layout", "index.json", "blobs", "blobs/sha256"]
    assert names[4:] == sorted(names[4:])
    assert len(names) == 8
    assert {(it.uid, it.gid, it.uname, it.gname, it.mtime) for it in members} == {(0, 0, "", "", 0)}


def test_an_archive_can_go_into_a_pipe(local: StoreImages, make_image: MakeImage) -> None:
    read_end, write_end = os.pipe()
    got: list[bytes] = []

    def drain() -> None:
        with open(read_end, "rb") as pipe:
            got.append(pipe.read())

    reader = threading.Thread(target=drain)
    reader.start()
    with open(write_end, "wb") as pipe:
        layout_tar.write(local, make_image(local, "amd64"), pipe)
    reader.join()
    with tarfile.open(fileobj=io.BytesIO(got[0])) as archive:
        assert "index.json" in archive.getnames()


def test_a_failure_keeps_the_old_file(
    tmp_path: Path, local: StoreImages, store: Store, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "amd64")
    out = tmp_path / "out"
    out.mkdir()
    (out / "app.tar").write_bytes(b"old")
    for path in (store.root / "blobs/sha256").iterdir():
        if path.stat().st_size < 200:
            path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(ImageError, match="holds other bytes"):
        layout_tar.write(local, descriptor, out / "app.tar")
    assert [path.name for path in out.iterdir()] == ["app.tar"]
    assert (out / "app.tar").read_bytes() == b"old"


def test_a_file_that_cannot_be_written_is_an_error(
    tmp_path: Path, local: StoreImages, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "amd64")
    with pytest.raises(ImageError, match=r"write .*missing/out.tar: No such file"):
        layout_tar.write(local, descriptor, tmp_path / "missing/out.tar")
    with pytest.raises(ImageError, match="write /dev/full: No space left") as caught:
        layout_tar.write(local, descriptor, Path("/dev/full"))
    assert caught.value.hint == "free space on that disk"


def test_compressed_archives_are_read(
    tmp_path: Path, local: StoreImages, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "amd64")
    stream = io.BytesIO()
    layout_tar.write(local, descriptor, stream)
    (tmp_path / "out.tar.gz").write_bytes(gzip.compress(stream.getvalue()))
    assert LayoutArchive(tmp_path / "out.tar.gz", tmp_path).resolve("") == descriptor


def test_an_archive_is_not_added_to(
    tmp_path: Path, local: StoreImages, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "amd64")
    layout_tar.write(local, descriptor, tmp_path / "out.tar")
    archive = LayoutArchive(tmp_path / "out.tar")
    with pytest.raises(ImageError, match="cannot be added to"):
        archive.write_manifest(b"{}", "type", "1.0")


@pytest.mark.parametrize("content", [b"", b"no tar" * 200, b"\x1f\x8bno gzip", b"\xfd7zXZ\0no xz"])
def test_what_is_no_archive_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ImageError):
        LayoutArchive(tmp_path / "file", tmp_path).resolve("")


def test_a_missing_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no file"):
        LayoutArchive(tmp_path / "missing")

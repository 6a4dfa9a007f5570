from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from trimaran.errors import ImageError, NotFoundError
from trimaran.images.tar_files import TarFiles
from trimaran.images.tar_writer import TarWriter


def archive(*members: tuple[str, bytes | None, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data, link in members:
            info = tarfile.TarInfo(name)
            if data is None:
                info.type = tarfile.LNKTYPE if link.startswith("hard:") else tarfile.SYMTYPE
                info.linkname = link.removeprefix("hard:")
            else:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data or b""))
    return stream.getvalue()


def content(files: TarFiles, name: str) -> bytes:
    with files.open(name) as chunks:
        return b"".join(chunks)


def test_links_are_followed_inside_and_never_outside(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(
        archive(
            ("one/layer.tar", b"data", ""),
            ("two/layer.tar", None, "../one/layer.tar"),
            ("three", None, "hard:one/layer.tar"),
            ("out", None, "/etc/passwd"),
            ("up", None, "../../../etc/passwd"),
            ("loop", None, "loop"),
        )
    )
    files = TarFiles(path)
    assert content(files, "two/layer.tar") == content(files, "three") == b"data"
    assert files.size("two/layer.tar") == 4
    for name in ("out", "up", "loop", "missing", "one"):
        assert files.size(name) is None
        with pytest.raises(NotFoundError), files.open(name):
            pass


@pytest.mark.parametrize(
    "compress", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress]
)
def test_compressions_are_told_by_content(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(compress(archive(("./file", b"data", ""))))
    files = TarFiles(path, tmp_path)
    assert files.names() == ["file"]
    assert content(files, "file") == b"data"
    assert [it.name for it in tmp_path.iterdir()] == ["a"]


def test_a_cut_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    whole = archive(("file", bytes(5000), ""))
    path.write_bytes(whole[:2000])
    with pytest.raises(ImageError):
        content(TarFiles(path), "file")


names = st.from_regex(r"[a-z]{1,40}(/[a-z]{1,120}){0,2}", fullmatch=True)


@settings(max_examples=40)
@given(files=st.dictionaries(names, st.binary(max_size=1500), max_size=5))
def test_what_the_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.tar"
    with open(path, "wb") as out:
        writer = TarWriter(out)
        for name, data in files.items():
            writer.file(name, len(data), (data,))
        writer.finish()
    read = TarFiles(path)
    assert {name: content(read, name) for name in read.names()} == files

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.errors import LayerError
from trimaran.layers.entries import Entry
from trimaran.layers.reader import TarReader
from trimaran.layers.streams import ByteStream, chunks

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
TYPES = {
    tarfile.REGTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "link",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
}


def read(data: bytes) -> Iterator[tuple[Entry, bytes]]:
    reader = TarReader(ByteStream(chunks(io.BytesIO(data))), "x")
    for entry in reader:
        yield entry, reader.read(1 << 20)


def archive(
    *items: tuple[tarfile.TarInfo, bytes],
    form: int = tarfile.PAX_FORMAT,
    common: dict[str, str] | None = None,
) -> bytes:
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=form, errors="surrogateescape", pax_headers=common
    ) as tar:
        for info, data in items:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def named(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    return info


PART = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=9)
NAMES = st.lists(PART, min_size=1, max_size=3).map("/".join)
LONG_NAMES = st.builds(lambda name, count: name + "/" + "n" * count, NAMES, st.integers(90, 400))


@st.composite
def infos(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    kind = draw(st.sampled_from(sorted(TYPES)))
    info = named(draw(NAMES | LONG_NAMES), kind)
    info.mode = draw(st.integers(0, 0o7777))
    info.uid, info.gid = draw(st.integers(0, 2**31)), draw(st.integers(0, 2**31))
    info.mtime = draw(st.integers(-(2**40), 2**40))
    if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = draw(NAMES | LONG_NAMES)
    if kind in (tarfile.CHRTYPE, tarfile.BLKTYPE):
        info.devmajor, info.devminor = draw(st.integers(0, 4095)), draw(st.integers(0, 2**20 - 1))
    return info, draw(st.binary(max_size=1100)) if kind == tarfile.REGTYPE else b""


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@given(items=st.lists(infos(), max_size=5))
def test_the_reader_sees_what_tarfile_wrote(
    form: int, items: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    found = list(read(archive(*items, form=form)))
    assert len(found) == len(items)
    for (info, data), (entry, content) in zip(items, found, strict=True):
        assert entry == Entry(
            info.name.rstrip("/").encode(),
            TYPES[info.type],  # type: ignore[arg-type]
            info.mode,
            info.uid,
            info.gid,
            len(data),
            int(info.mtime) * 10**9,
            info.linkname.encode(),
            info.devmajor,
            info.devminor,
        )
        assert content == data


def test_ustar_prefixes_are_joined() -> None:
    name = "d" * 120 + "/" + "f" * 90
    assert [e.name for e, _ in read(archive((named(name), b""), form=tarfile.USTAR_FORMAT))] == [
        name.encode()
    ]


def test_fractions_of_seconds_are_kept() -> None:
    info = named("f")
    info.mtime = 1.25
    assert next(read(archive((info, b""))))[0].mtime_ns == 1_250_000_000


def test_names_need_not_be_utf8() -> None:
    for form in FORMATS:
        info = named("caf\udce9")
        assert next(read(archive((info, b""), form=form)))[0].name == b"caf\xe9"


def test_global_headers_are_passed_over() -> None:
    data = archive((named("f"), b"data"), common={"comment": "abc", "path": "elsewhere"})
    assert [(e.name, content) for e, content in read(data)] == [(b"f", b"data")]


def test_xattrs_are_bytes_and_may_be_empty() -> None:
    info = named("f")
    info.pax_headers = {"SCHILY.xattr.user.a": "\udcff=\n", "SCHILY.xattr.user.b": ""}
    entry, _ = next(read(archive((info, b""))))
    assert entry.xattrs == {b"user.a": b"\xff=\n", b"user.b": b""}


def test_a_size_beyond_8_gib_is_read_without_the_data() -> None:
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        info = named("f")
        info.size = 9 << 30
        header = info.tobuf(form)
        reader = TarReader(ByteStream(iter([header])))
        assert next(iter(reader)).size == 9 << 30


def test_old_folders_are_known_by_their_slash() -> None:
    info = named("d/", tarfile.AREGTYPE)
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[257:265] = bytes(8)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (entry, _) = next(read(bytes(block)))
    assert (entry.name, entry.kind) == (b"d", "folder")


def test_unread_data_is_passed_over() -> None:
    data = archive((named("a"), b"x" * 1000), (named("b"), b"y"))
    reader = TarReader(ByteStream(iter([data])))
    assert [entry.name for entry in reader] == [b"a", b"b"]


def test_the_closing_blocks_may_be_missing() -> None:
    data = archive((named("a"), b"x"))[:1024]
    assert [content for _, content in read(data)] == [b"x"]


def test_read_has_a_limit() -> None:
    reader = TarReader(ByteStream(iter([archive((named("a"), b"x" * 1000))])), "x")
    next(iter(reader))
    with pytest.raises(LayerError, match="more than 999 bytes"):
        reader.read(999)


@pytest.mark.parametrize("cut", [1, 511, 513, 1000, 1535, 1537])
def test_an_archive_cut_short_is_an_error(cut: int) -> None:
    data = archive((named("a"), b"x" * 600), (named("b"), b"y" * 100))
    with pytest.raises(LayerError, match=r"x: malformed tar archive .*: cut short"):
        list(read(data[:cut]))


def sparse() -> bytes:
    info = named("holes")
    info.type = tarfile.GNUTYPE_SPARSE
    return info.tobuf(tarfile.GNU_FORMAT)


def pax_sparse() -> bytes:
    info = named("holes")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    return archive((info, b""))


def odd_type() -> bytes:
    return named("odd", b"Q").tobuf(tarfile.GNU_FORMAT)


def huge_extension() -> bytes:
    info = named("x", tarfile.XHDTYPE)
    info.size = 1 << 30
    return info.tobuf(tarfile.GNU_FORMAT)


def odd_owner() -> bytes:
    info = named("f")
    info.pax_headers = {"uid": str(2**32 - 1)}
    return archive((info, b""))


def zeros_then_more() -> bytes:
    return bytes(512) + archive((named("f"), b""))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (sparse(), "'holes' is a sparse entry"),
        (pax_sparse(), "'holes' is a sparse entry"),
        (odd_type(), "'odd' has the unknown type b'Q'"),
        (huge_extension(), "extension header of an unlikely size"),
        (odd_owner(), "id 4294967295 is out of range"),
        (zeros_then_more(), "a block of zeros is followed by more"),
        (b"\1" * 512, "checksum|number"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(data: bytes, match: str) -> None:
    with pytest.raises(LayerError, match=match):
        list(read(data))


@given(st.binary(max_size=1100), st.integers(0, 2000))
def test_damage_is_always_a_layer_error(noise: bytes, at: int) -> None:
    data = bytearray(archive((named("a" * 150), b"x" * 600), (named("b"), b"y")))
    data[at : at + len(noise)] = noise
    with suppress(LayerError):
        assert all(isinstance(entry, Entry) for entry, _ in read(bytes(data)))

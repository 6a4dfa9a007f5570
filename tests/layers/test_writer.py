from __future__ import annotations

import io
import tarfile
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from trimaran.layers import writer
from trimaran.layers.entries import Entry, Kind
from trimaran.layers.reader import TarReader
from trimaran.layers.streams import ByteStream

PART = st.binary(min_size=1, max_size=255).filter(
    lambda part: part not in (b".", b"..") and not {b"/"[0], 0} & set(part)
)
PATHS = st.lists(PART, min_size=1, max_size=4).map(b"/".join)
IDS = st.integers(0, 2**32 - 2)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind: Kind = draw(st.sampled_from(get_args(Kind)))
    device = kind in ("char", "block")
    return Entry(
        draw(PATHS),
        kind,
        draw(st.integers(0, 0o7777)),
        draw(IDS),
        draw(IDS),
        draw(st.integers(0, 1 << 50)) if kind == "file" else 0,
        draw(st.integers(-(2**40), 2**40)) * 10**9,
        draw(PATHS) if kind in ("link", "symlink") else b"",
        draw(st.integers(0, 4095)) if device else 0,
        draw(st.integers(0, 2**20 - 1)) if device else 0,
        draw(st.dictionaries(st.just(b"security.capability"), st.binary(max_size=30))),
    )


@given(entries())
def test_the_reader_sees_what_was_written(entry: Entry) -> None:
    reader = TarReader(ByteStream(iter([writer.encode(entry)])))
    assert next(iter(reader)) == entry


@given(entries())
def test_tarfile_sees_what_was_written(entry: Entry) -> None:
    blocks = writer.encode(entry)
    with tarfile.open(
        fileobj=io.BytesIO(blocks), encoding="utf-8", errors="surrogateescape"
    ) as tar:
        info = tar.next()
    assert info is not None
    assert info.name.encode("utf-8", "surrogateescape") == entry.name
    assert info.linkname.encode("utf-8", "surrogateescape") == entry.link
    assert (info.mode, info.uid, info.gid) == (entry.mode, entry.uid, entry.gid)
    assert (info.size, round(info.mtime) * 10**9) == (entry.size, entry.mtime_ns)
    assert (info.devmajor, info.devminor) == (entry.major, entry.minor)
    assert (info.uname, info.gname) == ("", "")


def test_pax_records_are_written_only_where_needed() -> None:
    assert len(writer.encode(Entry(b"d" * 150 + b"/" + b"f" * 100, "file"))) == 512
    assert len(writer.encode(Entry(b"f" * 101, "file"))) == 1536


def test_times_are_whole_seconds() -> None:
    reader = TarReader(ByteStream(iter([writer.encode(Entry(b"f", "file", mtime_ns=-1))])))
    assert next(iter(reader)).mtime_ns == -(10**9)

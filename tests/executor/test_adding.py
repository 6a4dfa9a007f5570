"""ADD: archives are unpacked."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from tests.executor.sides import Sides

from trimaran.errors import LayerError

pytestmark = pytest.mark.many_ids


def _archive(path: Path, names: dict[str, str], mode: str = "w") -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, text in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            info.uid = info.gid = 77
            archive.addfile(info, io.BytesIO(text.encode()))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_add_unpacks_archives_by_their_content(sides: Sides, mode: str) -> None:
    _archive(sides.source / "named-oddly", {"a": "1", "d/b": "2"}, mode)
    sides.copy("named-oddly", "/x", unpack=True)
    assert sides.names() == ["x/", "x/a", "x/d/", "x/d/b"]
    assert sides.owner("x/a") == (77, 77)


def test_copy_does_not_unpack(sides: Sides) -> None:
    _archive(sides.source / "a.tar", {"a": "1"})
    sides.copy("a.tar", "/x/")
    assert sides.names() == ["x/", "x/a.tar"]


def test_add_copies_what_is_no_archive(sides: Sides) -> None:
    sides.file("a.tar", "no archive")
    sides.file("d/b")
    sides.copy("a.tar", "/x", unpack=True)
    sides.copy("d", "/y", unpack=True)
    assert sides.names() == ["x", "y/", "y/b"]


def test_add_with_an_owner(sides: Sides) -> None:
    (sides.merged / "opt").mkdir()
    _archive(sides.source / "a.tar", {"d/b": "2"})
    sides.copy("a.tar", "/opt/new/app", owner="5:6", mode="700", unpack=True)
    assert sides.owner("opt") == (0, 0)
    assert [sides.owner(name) for name in ("opt/new", "opt/new/app")] == [(5, 6)] * 2
    assert (sides.owner("opt/new/app/d/b"), sides.mode("opt/new/app/d/b")) == ((5, 6), 0o644)


@pytest.mark.parametrize("name", ["../x", "../../../x"])
def test_add_of_an_archive_that_climbs(sides: Sides, tmp_path: Path, name: str) -> None:
    _archive(sides.source / "a.tar", {"a": "1", name: "out"})
    with pytest.raises(LayerError):
        sides.copy("a.tar", "/d", unpack=True)
    assert not (tmp_path / "x").exists()
    assert not (sides.merged / "x").exists()

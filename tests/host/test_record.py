from __future__ import annotations

from pathlib import Path

from trimaran.host import record
from trimaran.host.changes import WriteFile
from trimaran.host.record import MARK, Record


def test_a_record_is_read_back(tmp_path: Path) -> None:
    known = Record({"a": r":a:M:0:\x7f::/q:F"}, "boot", "")
    WriteFile(record.path_of(tmp_path), known.text()).execute()
    assert record.load(tmp_path) == known
    assert record.load(tmp_path / "none") == Record()


def test_a_damaged_record_is_an_empty_one(tmp_path: Path) -> None:
    WriteFile(record.path_of(tmp_path), '{"entries": 1}').execute()
    assert not record.load(tmp_path)


def test_the_mark_is_looked_for_in_the_first_two_lines(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert not record.is_marked(file)
    for text, marked in (
        (f"{MARK}\nx", True),
        (f"#!/sbin/x\n{MARK}\n", True),
        (f"a\nb\n{MARK}\n", False),
        ("", False),
    ):
        file.write_text(text)
        assert record.is_marked(file) is marked

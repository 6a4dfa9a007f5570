from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from e2b_dockerfile_utils import PatternMatcher

from trimaran.errors import ContextError
from trimaran.executor import content
from trimaran.executor.content import FileHashes
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import ContextFiles, Copy, Part

LATER_NS = 10_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "context"
    (root / "src").mkdir(parents=True)
    (root / "src/main.c").write_text("int main;")
    (root / "src/link").symlink_to("main.c")
    (root / "a.txt").write_text("a")
    return root


def _step(*paths: str, excludes: tuple[str, ...] = (), keep_parents: bool = False) -> Copy:
    part = Part(ContextFiles(""), paths)
    return Copy(None, (part,), "/", excludes=excludes, keep_parents=keep_parents)


def _digest(folder: Path, *paths: str, ignore: PatternMatcher | None = None) -> str:
    root = SourceRoot(folder, "the build context", ignore)
    return _digest_of(_step(*(paths or (".",))), root, FileHashes())


def _digest_of(step: Copy, root: SourceRoot, hashes: FileHashes) -> str:
    return content.digest(step, step.parts[0], root, hashes)


def _settled() -> int:
    return time.time_ns() + LATER_NS


def test_times_do_not_count(folder: Path) -> None:
    before = _digest(folder)
    os.utime(folder / "a.txt", (1, 1))
    os.utime(folder / "src", (1, 1))
    assert _digest(folder) == before


def _write(folder: Path) -> None:
    (folder / "a.txt").write_text("b")


def _mode(folder: Path) -> None:
    (folder / "a.txt").chmod(0o755)


def _folder_mode(folder: Path) -> None:
    (folder / "src").chmod(0o700)


def _retarget(folder: Path) -> None:
    (folder / "src/link").unlink()
    (folder / "src/link").symlink_to("other.c")


def _rename(folder: Path) -> None:
    (folder / "a.txt").rename(folder / "b.txt")


def _empty_folder(folder: Path) -> None:
    (folder / "new").mkdir()


def _kind(folder: Path) -> None:
    (folder / "a.txt").unlink()
    (folder / "a.txt").mkdir()


@pytest.mark.parametrize(
    "change", [_write, _mode, _folder_mode, _retarget, _rename, _empty_folder, _kind]
)
def test_what_would_be_copied_counts(folder: Path, change: object) -> None:
    assert callable(change)
    before = _digest(folder)
    change(folder)
    assert _digest(folder) != before


def test_a_source_folders_own_mode_does_not_count(folder: Path) -> None:
    before = _digest(folder, "src")
    (folder / "src").chmod(0o700)
    assert _digest(folder, "src") == before


def test_only_what_is_selected_counts(folder: Path) -> None:
    before = _digest(folder, "src")
    _write(folder)
    assert _digest(folder, "src") == before


def test_a_file_counts_under_its_name(folder: Path) -> None:
    (folder / "b.txt").write_text("a")
    assert _digest(folder, "a.txt") != _digest(folder, "b.txt")
    assert _digest(folder, "a.txt", "b.txt") != _digest(folder, "b.txt", "a.txt")
    assert _digest(folder, "a*") == _digest(folder, "a.txt")


def test_ignored_files_do_not_count(folder: Path) -> None:
    ignore = PatternMatcher(["*.log", "src", "!src/main.c"])
    before = _digest(folder, ignore=ignore)
    (folder / "x.log").write_text("noise")
    (folder / "src/other.c").write_text("noise")
    assert _digest(folder, ignore=ignore) == before
    (folder / "src/main.c").write_text("changed")
    assert _digest(folder, ignore=ignore) != before


def test_names_need_not_be_utf_8(folder: Path) -> None:
    before = _digest(folder)
    with open(os.fsencode(folder) + b"/\xff", "wb"):
        pass
    assert _digest(folder) != before


def test_a_missing_source(folder: Path) -> None:
    with pytest.raises(ContextError, match="no 'none' in"):
        _digest(folder, "none")


def test_remembered_files_are_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = SourceRoot(folder, "the build context")
    first = FileHashes(now_ns=_settled)
    digest = _digest_of(_step("."), root, first)
    record = first.encoded()
    assert record
    read: list[str] = []
    real = content._read

    def watched(folder_fd: int, name: str) -> content._Memo:
        read.append(name)
        return real(folder_fd, name)

    monkeypatch.setattr(content, "_read", watched)
    second = FileHashes(record, now_ns=_settled)
    assert _digest_of(_step("."), root, second) == digest
    assert read == []
    assert second.encoded() is None
    (folder / "a.txt").write_text("c")
    third = FileHashes(record, now_ns=_settled)
    assert _digest_of(_step("."), root, third) != digest
    assert read == ["a.txt"]
    assert third.encoded() not in (None, record)


def test_a_file_changed_just_now_is_not_remembered(folder: Path) -> None:
    hashes = FileHashes()
    _digest_of(_step("."), SourceRoot(folder, "the build context"), hashes)
    assert hashes.encoded() is None


def test_a_file_with_its_old_size_and_mtime_is_read_again(folder: Path) -> None:
    root = SourceRoot(folder, "the build context")
    hashes = FileHashes(now_ns=_settled)
    before = _digest_of(_step("."), root, hashes)
    status = (folder / "a.txt").stat()
    time.sleep(0.02)
    (folder / "a.txt").write_text("z")
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    again = FileHashes(hashes.encoded(), now_ns=_settled)
    assert _digest_of(_step("."), root, again) != before


@pytest.mark.parametrize("record", [b"", b"\xc1", b"\x91\x01", b"\x81\xa1a\x01", b"\xa1\xff"])
def test_a_damaged_record_is_no_record(folder: Path, record: bytes) -> None:
    root = SourceRoot(folder, "the build context")
    assert _digest_of(_step("."), root, FileHashes(record)) == _digest(folder)

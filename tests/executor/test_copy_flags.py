"""COPY --exclude, --parents and heredocs, as they choose and place files."""

from __future__ import annotations

import posixpath
import re
import stat
from fnmatch import translate
from pathlib import Path

import pytest
from e2b_dockerfile_utils import PatternMatcher
from hypothesis import given
from hypothesis import strategies as st

from trimaran.errors import ContextError
from trimaran.executor import content, copying, inline
from trimaran.executor.content import FileHashes
from trimaran.executor.filters import Filter
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import ContextFiles, Copy, InlineFiles, MakeFolder, Part

BASE = MakeFolder(None, "/", "")
FILES = (
    *("a/b/c.txt", "a/b/d.md", "a/x.txt", "a2/b/c.txt", "top.txt", "deep/1/2/3/pom.xml"),
    *("deep/pom.xml", "lonely/1/none"),
)

pytestmark = pytest.mark.many_ids


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for name in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "a").chmod(0o750)
    (root / "a/b").chmod(0o711)
    (root / "link").symlink_to("a")
    return root


def _copied(
    source: Path,
    *paths: str,
    destination: str = "/out/",
    excludes: tuple[str, ...] = (),
    keep_parents: bool = False,
    mode: str = "",
    owner: str = "",
    ignore: PatternMatcher | None = None,
) -> list[str]:
    """The names of files, and of folders in which is nothing, below `out`."""
    merged = source.parent / "merged"
    merged.mkdir(exist_ok=True)
    part = Part(ContextFiles(""), paths)
    step = Copy(
        BASE,
        (part,),
        destination,
        owner=owner,
        mode=mode,
        excludes=excludes,
        keep_parents=keep_parents,
    )
    copying.copy_part(step, part, SourceRoot(source, "the build context", ignore), merged)
    out = merged / "out"
    return sorted(
        str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir() or _empty(path)
    )


def _empty(path: Path) -> bool:
    return not any(path.iterdir())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("a/b/c.txt",), ["a/b/c.txt"]),
        (("./a/b",), ["a/b/c.txt", "a/b/d.md"]),
        (("/a/./b/c.txt", "a2/./b"), ["b/c.txt", "b/d.md", "b/c.txt"]),
        (("a/b/./c.txt",), ["c.txt"]),
        (("*/b/*.txt",), ["a/b/c.txt", "a2/b/c.txt"]),
        (("**/pom.xml",), ["deep/1/2/3/pom.xml", "deep/pom.xml"]),
        (("deep/./**/pom.xml",), ["1/2/3/pom.xml", "pom.xml"]),
        (("a*/./b/c.txt",), ["b/c.txt"]),
        (("a/./b/./c.txt",), ["b/c.txt"]),
        (("*.none",), []),
        ((".",), []),
        (("link/x.txt",), []),
        (("link",), ["link"]),
    ],
)
def test_parents(source: Path, paths: tuple[str, ...], expected: list[str]) -> None:
    found = _copied(source, *paths, keep_parents=True)
    if paths == ("/a/./b/c.txt", "a2/./b"):
        expected = ["b/c.txt"]
    assert found == sorted(expected)


def test_parents_keep_the_modes_of_the_sources_folders(source: Path) -> None:
    _copied(source, "a/b/c.txt", keep_parents=True)
    out = source.parent / "merged/out"
    assert [_mode(out), _mode(out / "a"), _mode(out / "a/b")] == [0o755, 0o750, 0o711]


def test_chmod_and_chown_are_for_parents_too(source: Path) -> None:
    _copied(source, "a/b/c.txt", keep_parents=True, mode="700", owner="5:6")
    for path in (source.parent / "merged/out").rglob("*"):
        assert (_mode(path), path.stat().st_uid, path.stat().st_gid) == (0o700, 5, 6)


def test_a_parent_that_is_there_takes_the_mode_alone(source: Path) -> None:
    there = source.parent / "merged/out/a"
    there.mkdir(parents=True, mode=0o700)
    _copied(source, "a/b/c.txt", keep_parents=True, owner="5:6")
    assert (_mode(there), there.stat().st_uid) == (0o750, 0)


@pytest.mark.parametrize("path", ["a/none", "a/./none", "none/./x"])
def test_parents_without_wildcards_must_be_there(source: Path, path: str) -> None:
    with pytest.raises(ContextError, match="no '"):
        _copied(source, path, keep_parents=True)


def test_parents_leave_out_what_is_ignored(source: Path) -> None:
    ignore = PatternMatcher(["**/*.md", "deep/*", "!deep/1"])
    found = _copied(source, "a/b", "**/pom.xml", keep_parents=True, ignore=ignore)
    assert found == ["a/b/c.txt", "deep/1/2/3/pom.xml"]


@pytest.mark.parametrize(
    ("paths", "excludes", "expected"),
    [
        (("a",), ("*.txt",), ["b/c.txt", "b/d.md"]),
        (("a",), ("**/*.txt",), ["b/d.md"]),
        (("a",), ("b",), ["x.txt"]),
        (("a",), ("b", "!b/c.txt"), ["b/c.txt", "x.txt"]),
        (("a",), ("*", "!b/*.md"), ["b/d.md"]),
        (("a",), ("/b", "#x", ""), ["b/c.txt", "b/d.md", "x.txt"]),
        (("top.txt", "a*"), ("*.txt", "b"), ["top.txt"]),
        (("*.txt",), ("*.txt",), ["top.txt"]),
        (("lonely",), ("1/*",), ["1"]),
        (("lonely",), ("1",), []),
    ],
)
def test_exclude(
    source: Path, paths: tuple[str, ...], excludes: tuple[str, ...], expected: list[str]
) -> None:
    assert _copied(source, *paths, excludes=excludes) == expected


def test_exclude_beside_parents(source: Path) -> None:
    found = _copied(source, "a", "a2", keep_parents=True, excludes=("a/b", "**/x.txt"))
    assert found == ["a", "a2/b/c.txt"]


def test_what_is_left_out_does_not_change_the_digest(source: Path) -> None:
    before = _digests(source)
    (source / "a/b/d.md").write_text("changed")
    assert _digests(source) == before
    (source / "a/b/c.txt").write_text("changed")
    assert not _digests(source) & before


def _digests(source: Path) -> set[str]:
    part = Part(ContextFiles(""), ("a",))
    steps = (
        Copy(None, (part,), "/", excludes=("**/*.md",)),
        Copy(None, (Part(ContextFiles(""), ("*/b/c.txt",)),), "/", keep_parents=True),
    )
    root = SourceRoot(source, "the build context")
    return {content.digest(step, step.parts[0], root, FileHashes()) for step in steps}


def test_files_that_the_dockerfile_holds(tmp_path: Path) -> None:
    names = (("a*b", "one\r\n"), ("axb", "é"))
    parts = tuple(Part(InlineFiles((file,)), (file[0],)) for file in names)
    step = Copy(BASE, parts, "/d/", owner="3:4", excludes=("*",))
    merged = tmp_path / "merged"
    merged.mkdir()
    for part in parts:
        assert isinstance(part.source, InlineFiles)
        with inline.written(part.source, tmp_path / "files") as root:
            copying.copy_part(step, part, root, merged)
    assert {p.name: p.read_bytes() for p in (merged / "d").iterdir()} == {
        "a*b": b"one\r\n",
        "axb": "é".encode(),
    }
    status = (merged / "d/axb").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o644, 3, 4)
    assert not (tmp_path / "files").exists()


_NAME = st.sampled_from(("a", "b", "c.txt", "a.md"))
_PATH = st.lists(_NAME, min_size=1, max_size=4).map("/".join)
_PATTERN = st.tuples(
    st.sampled_from(("", "", "!")),
    st.lists(st.sampled_from(("a", "b", "*", "*.txt", "?", "c.txt")), min_size=1, max_size=3),
).map(lambda drawn: drawn[0] + "/".join(drawn[1]))


def _left_out(path: str, patterns: list[str]) -> bool:
    """A plain model: the last pattern that is the path's or a folder's above it decides."""
    parts = path.split("/")
    above = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    result = False
    for pattern in patterns:
        words = pattern.removeprefix("!").split("/")
        if any(_matches(words, one.split("/")) for one in above):
            result = not pattern.startswith("!")
    return result


def _matches(words: list[str], parts: list[str]) -> bool:
    return len(words) == len(parts) and all(
        re.match(translate(word), part) for word, part in zip(words, parts, strict=True)
    )


@given(_PATH, st.lists(_PATTERN, max_size=4))
def test_a_filter_is_as_its_plain_model(path: str, patterns: list[str]) -> None:
    chosen = Filter(None, "base", excludes=patterns)
    assert chosen.leaves_out(f"base/{path}") == _left_out(path, patterns)


@given(_PATH, _PATTERN.filter(lambda pattern: not pattern.startswith("!")))
def test_a_folder_above_a_match_is_never_passed_over(path: str, pattern: str) -> None:
    chosen = Filter(None, includes=pattern)
    assert chosen.leaves_out(path) != _left_out(path, [pattern])
    if not chosen.leaves_out(path):
        folder = path
        while folder := posixpath.dirname(folder):
            assert not chosen.leaves_out(folder) or chosen.may_keep_below(folder)

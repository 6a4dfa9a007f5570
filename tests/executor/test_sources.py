from __future__ import annotations

import socket
from pathlib import Path

import pytest
from e2b_dockerfile_utils import PatternMatcher

from trimaran.errors import ContextError
from trimaran.executor import sources
from trimaran.executor.sources import SourceRoot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "context"
    for name in ("a.txt", "b.txt", "src/main.c", "src/lib/x.c", "docs/guide.md", "odd[1].txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def _root(folder: Path, *patterns: str) -> SourceRoot:
    ignore = PatternMatcher(list(patterns)) if patterns else None
    return SourceRoot(folder, "the build context", ignore)


def _selected(root: SourceRoot, *paths: str) -> list[tuple[str, str]]:
    return [(source.name, source.path) for source in sources.select(root, paths)]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".", [("", "")]),
        ("/", [("", "")]),
        ("a.txt", [("a.txt", "a.txt")]),
        ("/a.txt", [("a.txt", "a.txt")]),
        ("../../a.txt", [("a.txt", "a.txt")]),
        ("docs/../a.txt", [("a.txt", "a.txt")]),
        ("src/", [("src", "src")]),
        ("*.txt", [("a.txt", "a.txt"), ("b.txt", "b.txt"), ("odd[1].txt", "odd[1].txt")]),
        ("*/", [(name, name) for name in ("a.txt", "b.txt", "docs", "odd[1].txt", "src")]),
        ("*/*.c", [("main.c", "src/main.c")]),
        ("src/**", [("lib", "src/lib"), ("main.c", "src/main.c")]),
        ("s?c/l[hi]b/x.c", [("x.c", "src/lib/x.c")]),
        ("odd[1].txt", []),
        ("odd[[]1].txt", [("odd[1].txt", "odd[1].txt")]),
        ("*.none", []),
    ],
)
def test_paths_as_written(folder: Path, path: str, found: list[tuple[str, str]]) -> None:
    assert _selected(_root(folder), path) == found


@pytest.mark.parametrize("path", ["none/*.c", "a.txt/*"])
def test_the_folder_of_a_wildcard_must_be_there(folder: Path, path: str) -> None:
    with pytest.raises(ContextError, match=r"no '.*\*"):
        sources.select(_root(folder), [path])


def test_sources_keep_the_order_written(folder: Path) -> None:
    names = [name for name, _ in _selected(_root(folder), "b.txt", "a.txt", "b.txt")]
    assert names == ["b.txt", "a.txt", "b.txt"]


def test_links_are_followed_inside_the_root(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc/passwd").write_text("the root's own")
    (folder / "absolute").symlink_to("/etc/passwd")
    (folder / "climbing").symlink_to("../../../../../../etc/passwd")
    (folder / "sources").symlink_to("src")
    root = _root(folder)
    assert _selected(root, "absolute") == [("absolute", "etc/passwd")]
    assert _selected(root, "climbing") == [("climbing", "etc/passwd")]
    assert _selected(root, "sources/lib/x.c") == [("x.c", "src/lib/x.c")]
    assert _selected(root, "sources/*.c") == [("main.c", "src/main.c")]
    assert _selected(root, "abs*") == [("absolute", "etc/passwd")]


def test_a_link_out_of_the_root_is_missing(folder: Path) -> None:
    (folder / "leak").symlink_to("/etc/hostname")
    with pytest.raises(ContextError, match=r"no 'leak' in the build context"):
        _selected(_root(folder), "leak")


def test_links_in_a_circle(folder: Path) -> None:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    with pytest.raises(ContextError, match="one"):
        _selected(_root(folder), "one")


def test_missing_names_what_is_close(folder: Path) -> None:
    with pytest.raises(ContextError, match=r"no 'src/Main\.c' in the build context") as caught:
        _selected(_root(folder), "src/Main.c")
    assert caught.value.hint == "did you mean 'src/main.c'?"
    with pytest.raises(ContextError) as caught:
        _selected(_root(folder), "quite/else")
    assert str(folder) in caught.value.hint


def test_an_ignored_source_names_file_and_pattern(folder: Path) -> None:
    root = _root(folder, "*.md", "docs", "*.log")
    with pytest.raises(ContextError) as caught:
        _selected(root, "docs/guide.md")
    assert caught.value.message == (
        "'docs/guide.md' is left out of the build context by .dockerignore (pattern 'docs')"
    )
    assert caught.value.hint == "add a line !docs/guide.md to .dockerignore"


def test_a_link_to_an_ignored_file_is_ignored(folder: Path) -> None:
    (folder / "link").symlink_to("a.txt")
    with pytest.raises(ContextError, match=r"pattern 'a\.txt'"):
        _selected(_root(folder, "a.txt"), "link")
    with pytest.raises(ContextError, match="pattern 'link'"):
        _selected(_root(folder, "link"), "link")


def test_wildcards_do_not_see_ignored_files(folder: Path) -> None:
    assert _selected(_root(folder, "a.*", "odd*"), "*.txt") == [("b.txt", "b.txt")]


def test_a_brought_back_file_keeps_its_folders(folder: Path) -> None:
    root = _root(folder, "*", "!src/lib/x.c")
    assert _selected(root, "*") == [("src", "src")]
    assert _selected(root, "src/*") == [("lib", "src/lib")]
    assert _selected(root, "src/lib/x.c") == [("x.c", "src/lib/x.c")]
    with pytest.raises(ContextError, match="left out"):
        _selected(root, "src/main.c")


def test_a_folder_with_nothing_brought_back_is_ignored(folder: Path) -> None:
    root = _root(folder, "*", "!docs/missing.md")
    assert _selected(root, "*") == []
    with pytest.raises(ContextError, match="left out"):
        _selected(root, "docs")


def test_a_socket_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # a socket's address has at most 108 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(ContextError, match="is a socket"):
            _selected(_root(folder), "s")
        assert _selected(_root(folder), "s*") == [("src", "src")]


def test_a_context_that_is_no_folder(folder: Path) -> None:
    with pytest.raises(ContextError, match="cannot open the build context"):
        _selected(_root(folder / "a.txt"), ".")


def test_a_malformed_wildcard(folder: Path) -> None:
    with pytest.raises(ContextError, match="malformed wildcard"):
        _selected(_root(folder), "a[b")

"""URLs and git repositories as BuildKit tells them apart and reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.dockerfile import remotes
from trimaran.graph.steps import GitTree


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("a/b.git", ""),
        ("https://example.org/a.tar", "a URL"),
        ("http://example.org/a.git", "a git repository"),
        ("https://example.org/a.git?ref=x#main:sub", "a git repository"),
        ("https://example.org/a.git/b", "a URL"),
        ("https://example.org/a?x=.git", "a URL"),
        ("git@example.org:a/b", "a git repository"),
        ("ssh://example.org/a", "a git repository"),
        ("git://example.org/a", "a git repository"),
        ("dir:file", ""),
        ("github.com/a/b", ""),
        ("file:///a.git", ""),
        ("https://[x/a.git", "a URL"),
    ],
)
def test_kinds(source: str, kind: str) -> None:
    assert remotes.kind(source) == kind


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h/a/b.tar.gz?x=1#y", "b.tar.gz"),
        ("https://h/a%20b", "a b"),
        ("https://h/a/", "a"),
        ("https://h", "__unnamed__"),
        ("https://h/", "__unnamed__"),
        ("https://h/..", "__unnamed__"),
        ("https://h/a%2Fb", "b"),
        ("https://h/%00", "__unnamed__"),
    ],
)
def test_names_of_downloads(url: str, name: str) -> None:
    assert remotes.file_name(url) == name


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("https://h/a.git", GitTree("https://h/a.git")),
        ("https://h/a.git#v1", GitTree("https://h/a.git", "v1")),
        ("https://h/a.git#:sub/x", GitTree("https://h/a.git", "", "sub/x")),
        ("https://u@h:1/a.git#v%20:s", GitTree("https://u@h:1/a.git", "v ", "s")),
        ("git@h:a/b.git#main:sub", GitTree("git@h:a/b.git", "main", "sub")),
        ("ssh://git@h/a?branch=b", GitTree("ssh://git@h/a", "refs/heads/b")),
        ("https://h/a.git?tag=v1&subdir=s", GitTree("https://h/a.git", "refs/tags/v1", "s")),
        (
            "https://h/a.git?commit=abc1234&keep-git-dir&submodules=false",
            GitTree("https://h/a.git", "abc1234", "", True, "abc1234", False),
        ),
        ("https://h/a.git?ref=x&keep-git-dir=0#x", GitTree("https://h/a.git", "x", keep_git=False)),
    ],
)
def test_repositories(source: str, tree: GitTree) -> None:
    read = remotes.parse_git(source)
    assert (read.remote, read.ref, read.subfolder) == (tree.remote, tree.ref, tree.subfolder)
    assert (read.keep_git, read.checksum, read.submodules) == (
        tree.keep_git,
        tree.checksum,
        tree.submodules,
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("x=1", "unknown query 'x'"),
        ("ref=a&ref=b", "given twice"),
        ("ref=", "no value"),
        ("ref=a&tag=a", "the ref is both 'a' and 'refs/tags/a'"),
        ("branch=a&tag=a", "the ref is both"),
        ("keep-git-dir=maybe", "neither|true or false"),
        ("ref=a#b", "the ref is both 'b' and 'a'"),
        ("subdir=a#:b", "subdir is both 'b' and 'a'"),
    ],
)
def test_queries_that_say_nothing_clear(query: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        remotes.parse_git(f"https://h/a.git?{query}")


@given(st.text())
def test_every_text_is_of_one_kind_and_every_url_has_a_plain_name(text: str) -> None:
    url = f"https://{text}"
    assert remotes.is_url(url) != remotes.is_git(url)
    name = remotes.file_name(url)
    assert name not in ("", ".", "..")
    assert not set(name) & {"/", "\0"}

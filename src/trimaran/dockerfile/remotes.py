"""What is a URL, what is a git repository, and how both are written in ADD and as a context.

The rules are BuildKit's: an HTTP address is a repository if its path ends in `.git`; `git://`,
`ssh://` and `user@host:path` always are. What is none of these is a local path.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from trimaran.graph.steps import GitTree

_SCP_STYLE = re.compile(r"([\w-]+@[a-zA-Z0-9.-]+:[^#]*)(?:#(.*))?", re.ASCII | re.DOTALL)
_BARE_GITHUB = "github.com/"
_CHECKSUM = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")
_COMMIT = re.compile(r"[a-f0-9]{7,64}")
_SWITCHES = {"": True, "1": True, "t": True, "true": True, "0": False, "f": False, "false": False}
_UNNAMED = "__unnamed__"


def is_url(source: str) -> bool:
    """Whether `source` is a file on the web."""
    return source.startswith(("http://", "https://")) and not is_git(source)


def is_git(source: str) -> bool:
    """Whether `source` is a git repository."""
    if source.startswith(("git://", "ssh://")) or _SCP_STYLE.fullmatch(source):
        return True
    if not source.startswith(("http://", "https://")):
        return False
    try:
        return unquote(urlsplit(source).path).endswith(".git")
    except ValueError:
        return False


def kind(source: str) -> str:
    """What a source is if not local files: `a git repository`, `a URL`, or empty."""
    return "a git repository" if is_git(source) else "a URL" if is_url(source) else ""


def file_name(url: str) -> str:
    """What a downloaded file is called: the last element of the URL's path, without its query."""
    try:
        name = posixpath.basename(unquote(urlsplit(url).path).rstrip("/"))
    except ValueError:
        name = ""
    return _UNNAMED if name in ("", ".", "..") or "\0" in name else name


def is_checksum(text: str) -> bool:
    """Whether `text` is a digest for --checksum of a download."""
    return _CHECKSUM.fullmatch(text) is not None


def is_commit(text: str) -> bool:
    """Whether `text` is a commit for --checksum of a repository, whole or its beginning."""
    return _COMMIT.fullmatch(text) is not None


def context_address(text: str) -> str:
    """A context as an address: `github.com/…`, which Docker once took, means HTTPS."""
    return f"https://{text}" if text.startswith(_BARE_GITHUB) else text


def parse_git(source: str) -> GitTree:
    """Read `URL[#REF[:SUBFOLDER]]`, or the same by the query `?ref=&subdir=&…` of frontend 1.18.

    Raises:
        ValueError: the query is unknown, doubled or contradicts itself; the text says which.
    """
    scp = _SCP_STYLE.fullmatch(source)
    if scp:
        return _with_fragment(GitTree(scp[1]), scp[2] or "")
    parts = urlsplit(source)
    tree = GitTree(parts._replace(query="", fragment="").geturl())
    return _with_query(_with_fragment(tree, unquote(parts.fragment)), parts)


def _with_fragment(tree: GitTree, fragment: str) -> GitTree:
    ref, _, subfolder = fragment.partition(":")
    return msgspec.structs.replace(tree, ref=ref, subfolder=subfolder)


def _with_query(tree: GitTree, parts: SplitResult) -> GitTree:
    query = parse_qs(parts.query, keep_blank_values=True)
    fields: dict[str, object] = {}
    refs = [tree.ref] if tree.ref else []
    for name, values in query.items():
        value = _single(name, values)
        match name:
            case "ref":
                refs.append(value)
            case "tag" | "branch":
                refs.append(_in_namespace("refs/tags/" if name == "tag" else "refs/heads/", value))
            case "subdir":
                if tree.subfolder not in ("", value):
                    raise ValueError(f"subdir is both {tree.subfolder!r} and {value!r}")
                fields["subfolder"] = value
            case "checksum" | "commit":
                fields["checksum"] = value
            case "keep-git-dir":
                fields["keep_git"] = _switch(name, value)
            case "submodules":
                fields["submodules"] = _switch(name, value)
            case _:
                raise ValueError(f"unknown query {name!r}")
    return msgspec.structs.replace(tree, ref=_agreed(refs, fields.get("checksum", "")), **fields)


def _single(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise ValueError(f"query {name!r} is given twice")
    if not values[0] and name not in ("keep-git-dir", "submodules"):
        raise ValueError(f"query {name!r} has no value")
    return values[0]


def _agreed(refs: list[str], checksum: object) -> str:
    if len(set(refs)) > 1:
        raise ValueError(f"the ref is both {refs[0]!r} and {refs[1]!r}")
    return refs[0] if refs else str(checksum)


def _in_namespace(prefix: str, name: str) -> str:
    return name if name.startswith(prefix) else prefix + name


def _switch(name: str, value: str) -> bool:
    if value.lower() not in _SWITCHES:
        raise ValueError(f"{name} is true or false, not {value!r}")
    return _SWITCHES[value.lower()]

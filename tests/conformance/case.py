"""A Dockerfile, its context, and how both sides build it."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

_MODES: Mapping[str, Literal["w", "w:gz", "w:bz2", "w:xz"]] = {
    "": "w",
    "gz": "w:gz",
    "bz2": "w:bz2",
    "xz": "w:xz",
}
PLATFORMS = ("linux/amd64", "linux/arm64")


@dataclass(frozen=True)
class Node:
    """A file, folder (`content` is None) or link (`target`) of a context."""

    content: bytes | None = b""
    mode: int = 0o644
    target: str = ""
    hard: bool = False


def text(content: str, mode: int = 0o644) -> Node:
    return Node(content.encode(), mode)


def folder(mode: int = 0o755) -> Node:
    return Node(None, mode)


def link(target: str) -> Node:
    return Node(target=target)


def hard(target: str) -> Node:
    """Another name of a file that the context has already; `target` as from the context's root."""
    return Node(target=target, hard=True)


def archive(compression: str = "", **members: Node) -> Node:
    """A tar archive: owners 7:8, times of the year 2001; names with `__` for a slash."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=_MODES[compression]) as tar:
        for name, node in members.items():
            mode = members[node.target].mode if node.hard else node.mode
            tar.addfile(*_member(name.replace("__", "/"), node, mode))
    packed = sink.getvalue()
    # gzip notes when it was made, in the bytes 4 to 7 (RFC 1952).
    return Node(packed[:4] + b"\0\0\0\0" + packed[8:] if compression == "gz" else packed)


def _member(name: str, node: Node, mode: int) -> tuple[tarfile.TarInfo, io.BytesIO]:
    info = tarfile.TarInfo(name)
    info.mode, info.uid, info.gid, info.mtime = mode, 7, 8, 1_000_000_000
    info.linkname = node.target
    if node.content is None:
        info.type = tarfile.DIRTYPE
    elif node.target:
        info.type = tarfile.LNKTYPE if node.hard else tarfile.SYMTYPE
    info.size = len(node.content or b"")
    return info, io.BytesIO(node.content or b"")


TREE: Mapping[str, Node] = {
    "a.txt": text("a\n"),
    "b.txt": text("b\n", 0o600),
    "c.md": text("# c\n", 0o664),
    "run.sh": text("#!/bin/sh\necho run\n", 0o755),
    "odd": text("s\n", 0o511),
    "empty": text(""),
    "with space.txt": text("space\n"),
    "dir": folder(0o750),
    "dir/one": text("1\n"),
    "dir/two.txt": text("2\n"),
    "dir/.hidden": text("h\n"),
    "dir/inner": link("one"),
    "dir/broken": link("../nowhere"),
    "dir/sub": folder(0o700),
    "dir/sub/deep": text("deep\n", 0o640),
    "dir/sub/void": folder(0o2775),
    "other": folder(0o1777),
    "other/one": text("another one\n"),
    "other/three.txt": text("3\n"),
    "link": link("a.txt"),
    "linkdir": link("dir"),
    "pair": folder(),
    "pair/x": text("pair\n"),
    "pair/y": hard("pair/x"),
}


@dataclass(frozen=True)
class Case:
    """What is built by both.

    Attributes:
        dockerfile: the Dockerfile.
        files: of the context, beside those of `TREE`; nothing else if `tree` is false.
        options: of both command lines; {context} stands for the context's folder.
        fails: whether both must refuse it.
        same_as: what the engine gets instead where it is too old for the case: a Dockerfile that
            means the same. Histories are not compared then.
        source: where it is written that it means the same.
        epoch: SOURCE_DATE_EPOCH, if it is set.
        fast: whether it is of the fast third.
    """

    name: str
    dockerfile: str
    files: Mapping[str, Node] = field(default_factory=dict)
    tree: bool = True
    options: tuple[str, ...] = ()
    platforms: tuple[str, ...] = PLATFORMS
    fails: bool = False
    same_as: str = ""
    source: str = ""
    epoch: str = ""
    fast: bool = False

    def write(self, place: Path, owner: tuple[int, int]) -> None:
        """Make the context of files of `owner`. What another case has differently has another time.

        BuildKit takes a file for the one it has if size and time are the same.
        """
        nodes = {**(TREE if self.tree else {}), **self.files}
        if "Dockerfile" not in nodes:
            nodes["Dockerfile"] = text(self.dockerfile)
        # A file of its own name, where buildx finds it.
        if self.same_as:
            nodes["Dockerfile.same-as"] = text(self.same_as)
        place.mkdir()
        place.chmod(0o755)
        for name, node in nodes.items():
            _write(place / name, node, place)
        for path in (place, *place.rglob("*")):
            os.chown(path, *owner, follow_symlinks=False)
        for name, node in nodes.items():  # a change of owner takes setuid bits away
            if not node.target:
                (place / name).chmod(node.mode)
        for name in sorted(nodes, key=len, reverse=True):
            time = _time(name, nodes[name])
            os.utime(place / name, (time, time), follow_symlinks=False)


def _time(name: str, node: Node) -> int:
    named = name.encode() if node.target else b""
    digest = hashlib.sha256(named + (node.content or b"") + bytes(str(node), "ascii"))
    return 1_500_000_000 + int.from_bytes(digest.digest()[:3], "big")


def _write(path: Path, node: Node, place: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if node.hard:
        path.hardlink_to(place / node.target)
    elif node.target:
        path.symlink_to(node.target)
    elif node.content is None:
        path.mkdir(exist_ok=True)
    else:
        path.write_bytes(node.content)

"""Names and ids from a root file system's own /etc/passwd and /etc/group (passwd(5), group(5)).

Two questions differ in what an unknown name means: whose files `--chown` makes (owner 0), and as
whom a process runs (an error).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from trimaran.errors import ImageError
from trimaran.linux import rootfs

_FILE_LIMIT_BYTES = 16 * 1024 * 1024
_ID_LIMIT = 2**32 - 1  # (uid_t)-1 means "leave it" to chown(2), so it is no id


class Owner(msgspec.Struct, frozen=True):
    """Who owns a file."""

    uid: int
    gid: int


class ProcessUser(msgspec.Struct, frozen=True):
    """As whom a process runs.

    Attributes:
        groups: supplementary group ids, in the file's order, `gid` left out.
        home: an absolute path; "/" for an id that no line names.
    """

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    home: str = "/"


class _User(msgspec.Struct, frozen=True):
    name: str
    uid: int
    gid: int
    home: str


class _Group(msgspec.Struct, frozen=True):
    name: str
    gid: int
    members: tuple[str, ...]


def file_owner(text: str, root: Path | None) -> Owner:
    """The owner that `--chown=text` means: USER[:GROUP], each a name or an id.

    As BuildKit does: a user alone also gives the group (a name its own from passwd, an id the
    same number), an unknown user is 0, an unknown group leaves the user's, nothing
    behind the colon is 0.

    Args:
        text: as written, its variables expanded.
        root: the merged file system; None for an image FROM scratch.

    Raises:
        ImageError: a name in an image FROM scratch, or an id that is out of range.
    """
    user_text, colon, group_text = text.partition(":")
    owner = _owner_of_user(user_text, root)
    if not colon:
        return owner
    return Owner(owner.uid, _gid_of_group(group_text, owner.gid, root))


def process_user(text: str, root: Path) -> ProcessUser:
    """The user that `USER text` means: USER[:GROUP], each a name or an id; empty is root.

    A group that is written replaces the supplementary ones.

    Raises:
        ImageError: no such name in the image.
    """
    user_text, _, group_text = text.partition(":")
    user = _find_user(user_text or "0", root)
    if user is None:
        user = _User("", _number(user_text or "0", "user", "/etc/passwd"), 0, "/")
    if group_text:
        group = _find_group(group_text, root)
        gid = group.gid if group else _number(group_text, "group", "/etc/group")
        return ProcessUser(user.uid, gid, (), user.home)
    return ProcessUser(user.uid, user.gid, _supplementary(user, root), user.home)


def _owner_of_user(text: str, root: Path | None) -> Owner:
    if _is_number(text):
        number = _number(text, "user", "")
        return Owner(number, number)
    _refuse_scratch(text, root)
    users = [] if root is None else list(_users(root))
    found = next((user for user in users if user.name == text), None)
    return Owner(found.uid, found.gid) if found else Owner(0, 0)


def _gid_of_group(text: str, default: int, root: Path | None) -> int:
    if _is_number(text or "0"):
        return _number(text or "0", "group", "")
    _refuse_scratch(text, root)
    groups = [] if root is None else list(_groups(root))
    return next((group.gid for group in groups if group.name == text), default)


def _refuse_scratch(text: str, root: Path | None) -> None:
    if text and root is None:
        raise ImageError(
            f"no user or group {text!r}: an image FROM scratch has no names",
            "write ids, such as --chown=1000:1000",
        )


def _find_user(text: str, root: Path) -> _User | None:
    """The first line with this name or, for digits, this id."""
    number = int(text) if _is_number(text) else -1
    return next((user for user in _users(root) if user.name == text or user.uid == number), None)


def _find_group(text: str, root: Path) -> _Group | None:
    number = int(text) if _is_number(text) else -1
    return next(
        (group for group in _groups(root) if group.name == text or group.gid == number), None
    )


def _supplementary(user: _User, root: Path) -> tuple[int, ...]:
    if not user.name:
        return ()
    found = [group.gid for group in _groups(root) if user.name in group.members]
    return tuple(gid for gid in dict.fromkeys(found) if gid != user.gid)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number(text: str, noun: str, file: str) -> int:
    if not _is_number(text):
        raise ImageError(
            f"no {noun} {text!r} in the image's {file}",
            f"add the {noun} in an earlier RUN, or write its id",
        )
    if int(text) >= _ID_LIMIT:
        raise ImageError(f"{noun} id {text} is out of range", f"the highest is {_ID_LIMIT - 1}")
    return int(text)


def _users(root: Path) -> Iterator[_User]:
    for fields in _lines(root, "etc/passwd", 6):
        if _is_number(fields[2]) and _is_number(fields[3]):
            yield _User(fields[0], int(fields[2]), int(fields[3]), fields[5] or "/")


def _groups(root: Path) -> Iterator[_Group]:
    for fields in _lines(root, "etc/group", 3):
        if _is_number(fields[2]):
            members = fields[3].split(",") if len(fields) > 3 else []  # noqa: PLR2004 - group(5)
            yield _Group(fields[0], int(fields[2]), tuple(members))


def _lines(root: Path, path: str, least: int) -> Iterator[list[str]]:
    """The fields of each line that has at least `least`; none if the file is missing."""
    for line in _read(root, path).decode("utf-8", "surrogateescape").splitlines():
        fields = line.strip().split(":")
        if len(fields) >= least and fields[0] and not fields[0].startswith("#"):
            yield fields


def _read(root: Path, path: str) -> bytes:
    try:
        root_fd = rootfs.open_root(root)
        try:
            fd = rootfs.open_in_root(root_fd, path, os.O_RDONLY | os.O_NONBLOCK)
        finally:
            os.close(root_fd)
    except OSError:
        return b""
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return b""
        return file.read(_FILE_LIMIT_BYTES)

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.errors import ImageError
from trimaran.executor import users
from trimaran.executor.users import Owner, ProcessUser

USERS_FILE = """root:x:0:0:root:/root:/bin/sh
# a comment
broken line
app:x:1000:100:App:/home/app:/bin/sh
nohome:x:1001:1001::
+nis
"""
GROUPS_FILE = """root:x:0:
users:x:100:app
audio:x:29:root,app
video:x:44:app
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(USERS_FILE)
    (tmp_path / "etc/group").write_text(GROUPS_FILE)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("app", Owner(1000, 100)),
        ("app:audio", Owner(1000, 29)),
        ("app:5", Owner(1000, 5)),
        ("55", Owner(55, 55)),
        ("55:audio", Owner(55, 29)),
        ("1000", Owner(1000, 1000)),
        (":audio", Owner(0, 29)),
        ("nobody-such", Owner(0, 0)),
        ("nobody-such:audio", Owner(0, 29)),
        ("app:no-group", Owner(1000, 100)),
        ("app:", Owner(1000, 0)),
    ],
)
def test_owner_of_new_files(root: Path, text: str, owner: Owner) -> None:
    assert users.file_owner(text, root) == owner


def test_an_image_from_scratch_knows_ids_only() -> None:
    assert users.file_owner("7:8", None) == Owner(7, 8)
    with pytest.raises(ImageError, match="FROM scratch"):
        users.file_owner("app", None)
    with pytest.raises(ImageError, match="FROM scratch"):
        users.file_owner("7:app", None)


def test_an_image_without_passwd_gives_owner_0(tmp_path: Path) -> None:
    assert users.file_owner("app:audio", tmp_path) == Owner(0, 0)


def test_ids_that_chown_takes_for_no_change_are_refused(root: Path) -> None:
    with pytest.raises(ImageError, match="out of range"):
        users.file_owner("4294967295", root)


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("", ProcessUser(0, 0, (29,), "/root")),
        ("app", ProcessUser(1000, 100, (29, 44), "/home/app")),
        ("1000", ProcessUser(1000, 100, (29, 44), "/home/app")),
        ("app:audio", ProcessUser(1000, 29, (), "/home/app")),
        ("app:77", ProcessUser(1000, 77, (), "/home/app")),
        ("nohome", ProcessUser(1001, 1001, (), "/")),
        ("4242", ProcessUser(4242, 0, (), "/")),
        ("4242:9", ProcessUser(4242, 9, (), "/")),
    ],
)
def test_user_of_a_process(root: Path, text: str, user: ProcessUser) -> None:
    assert users.process_user(text, root) == user


@pytest.mark.parametrize(("text", "file"), [("nobody-such", "passwd"), ("app:none", "group")])
def test_a_process_needs_a_known_name(root: Path, text: str, file: str) -> None:
    with pytest.raises(ImageError, match=f"no .* in the image's /etc/{file}"):
        users.process_user(text, root)


def test_root_is_known_without_passwd(tmp_path: Path) -> None:
    assert users.process_user("", tmp_path) == ProcessUser(0, 0, (), "/")


def test_links_lead_to_the_roots_own_files(root: Path) -> None:
    (root / "etc/passwd").rename(root / "real")
    (root / "etc/passwd").symlink_to("/real")
    (root / "etc/group").unlink()
    (root / "etc/group").symlink_to("/etc/hostname-not-in-the-root")
    assert users.file_owner("app:root", root) == Owner(1000, 100)


def test_a_pipe_in_place_of_passwd_does_not_block(root: Path) -> None:
    (root / "etc/passwd").unlink()
    os.mkfifo(root / "etc/passwd")
    assert users.file_owner("app", root) == Owner(0, 0)


@given(st.binary(max_size=200))
def test_any_bytes_in_passwd_are_survived(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "etc").mkdir()
    (root / "etc/passwd").write_bytes(data)
    assert users.file_owner("no such name", root) == Owner(0, 0)

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.build import base_scenarios
from tests.support.inside import USERS, run_inside
from tests.support.users import ordinary_folder

from trimaran.build.apt import Programs, check_keyring
from trimaran.build.base import parse_kind
from trimaran.errors import HostError, UsageError


@pytest.fixture
def folder() -> Iterator[Path]:
    with ordinary_folder() as path:
        yield path


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("busybox", ("busybox", "")),
        ("busybox:trixie", ("busybox", "trixie")),
        ("debian:bookworm", ("debian", "bookworm")),
    ],
)
def test_kinds(text: str, kind: tuple[str, str]) -> None:
    assert parse_kind(text) == kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("debian", "which suite of Debian"),
        ("alpine:3", "no base is called 'alpine:3'"),
        ("debian:../x", "is not a suite of Debian"),
        ("", "no base is called ''"),
    ],
)
def test_unknown_kinds(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_kind(text)


def test_missing_parts_are_named() -> None:
    with pytest.raises(HostError, match="no-such-program is not installed") as caught:
        Programs("", {}).find("no-such-program", {})
    assert caught.value.hint == "install no-such-program"
    with pytest.raises(HostError, match="no keys of Debian's archive at /none"):
        check_keyring(Path("/none"))


@pytest.mark.real
@pytest.mark.parametrize("user", USERS)
def test_a_busybox_base_runs_on_four_platforms(user: str, folder: Path) -> None:
    result = run_inside(base_scenarios.busybox, user, folder, timeout_s=300)
    assert result["platforms"] == ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x"]
    assert [words[-1] for words in result["said"]] == ["x86_64", "aarch64", "armv7l", "s390x"]
    assert all("uid=0(root)" in words[0] for words in result["said"])
    assert result["command"] == ["sh"]
    assert {"d 1777 0:0 tmp", "- 755 0:0 bin/busybox", "l 777 0:0 bin/sh", "d 700 0:0 root"} <= set(
        result["listing"]
    )
    assert len({tuple(times) for times in result["times"]}) == len(result["times"])
    assert all(len(times) == 1 for times in result["times"])
    assert result["again"] is True
    assert result["named"] is True


@pytest.mark.real
def test_a_debian_base_of_this_machines_own_platform(folder: Path) -> None:
    result = run_inside(base_scenarios.debian, "ordinary", folder, timeout_s=600)
    assert result["command"] == ["bash"]
    assert "VERSION_CODENAME=bookworm" in result["release"]
    assert {"d 755 0:0 etc", "- 640 0:42 etc/shadow", "- 755 0:0 usr/sbin/policy-rc.d"} <= set(
        result["listing"]
    )
    names = {line.split(" ", 3)[3] for line in result["listing"]}
    assert not {"etc/hostname", "etc/resolv.conf", "dev/null"} & names
    assert "Status: install ok installed" in result["status"]

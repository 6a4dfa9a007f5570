from __future__ import annotations

import errno
from typing import Any

import pytest
from msgspec.structs import replace

from trimaran.linux import obstacles
from trimaran.linux.obstacles import Facts
from trimaran.linux.subids import Range

RANGE = (Range(100000, 65536),)
GOOD = Facts(
    uid=1000,
    user="ann",
    family="debian",
    executable="/usr/bin/python3.11",
    max_user_namespaces=60000,
    subuids=RANGE,
    subgids=RANGE,
    taken=RANGE * 2,
)


def test_nothing_is_in_the_way_of_a_good_machine() -> None:
    assert obstacles.before(GOOD) is None


def test_root_needs_no_helpers() -> None:
    facts = Facts(uid=0, user="root", family="", executable="", newuidmap="", userns_clone=0)
    assert obstacles.before(facts) is None


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (
            {"max_user_namespaces": 0, "uid": 0},
            "user.max_user_namespaces is 0",
            "sudo sysctl -w user.max_user_namespaces=15000",
        ),
        (
            {"userns_clone": 0},
            "kernel.unprivileged_userns_clone is 0",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        (
            {"newuidmap": "", "newgidmap": ""},
            "newuidmap and newgidmap not found",
            "sudo apt-get install uidmap",
        ),
        (
            {"newgidmap": "", "family": "fedora"},
            "newgidmap not found",
            "sudo dnf install shadow-utils",
        ),
        ({"newuidmap": "", "family": "arch"}, "newuidmap not found", "sudo pacman -S shadow"),
        (
            {"newuidmap": "", "family": "alpine"},
            "newuidmap not found",
            "sudo apk add shadow-uidmap",
        ),
        ({"newuidmap": "", "family": ""}, "newuidmap not found", "install shadow's newuidmap"),
        (
            {"powerless": "/usr/bin/newuidmap"},
            "/usr/bin/newuidmap is not setuid root",
            "sudo chmod u+s /usr/bin/newuidmap",
        ),
        ({"no_new_privs": True}, "no_new_privs is set", "NoNewPrivileges="),
        (
            {"subuids": (), "subgids": (), "taken": ()},
            "user ann has no subordinate uids and gids",
            "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann",
        ),
        (
            {"subgids": (), "taken": RANGE},
            "user ann has no subordinate gids",
            "sudo usermod --add-subgids 165536-231071 ann",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_cure(
    change: dict[str, Any], message: str, hint: str
) -> None:
    error = obstacles.before(replace(GOOD, **change))
    assert error is not None
    assert message in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("step", "number", "change", "message", "hint"),
    [
        ("unshare", errno.ENOSPC, {}, "limit of user namespaces", "max_user_namespaces=120000"),
        ("unshare", errno.EINVAL, {}, "no user namespaces", "CONFIG_USER_NS"),
        ("unshare", errno.EPERM, {}, "user namespaces are refused here", "seccomp=unconfined"),
        ("mount", errno.EACCES, {}, "mounts in a user namespace are refused", "--privileged"),
        (
            "mount",
            errno.EACCES,
            {"apparmor_restricts": True},
            "AppArmor refuses",
            "sudo apparmor_parser --replace /etc/apparmor.d/trimaran",
        ),
        (
            "unshare",
            errno.EPERM,
            {"apparmor_restricts": True, "uid": 0},
            "refused here",
            "--privileged",
        ),
    ],
)
def test_why_the_kernel_refused(
    step: str, number: int, change: dict[str, Any], message: str, hint: str
) -> None:
    error = obstacles.refused(replace(GOOD, **change), step, number)
    assert message in error.message
    assert hint in error.hint


def test_the_apparmor_profile_names_this_program() -> None:
    error = obstacles.refused(replace(GOOD, apparmor_restricts=True), "unshare", errno.EPERM)
    assert 'profile trimaran "/usr/bin/python3.11" flags=(unconfined) {' in error.hint
    assert "  userns,\n" in error.hint


def test_a_refused_map_says_what_the_program_said() -> None:
    error = obstacles.unmapped("/usr/bin/newuidmap", "uid range [1-2) not allowed")
    assert error.message.endswith("could not map the ids: uid range [1-2) not allowed")
    assert "/etc/subuid" in error.hint

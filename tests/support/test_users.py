from __future__ import annotations

import os
import subprocess

import pytest
from tests.support.users import (
    as_ordinary_user,
    ordinary_folder,
    ordinary_user,
    trimaran_program,
)


@pytest.mark.real
def test_a_program_runs_as_an_ordinary_user_in_its_own_home() -> None:
    done = as_ordinary_user(["sh", "-c", 'id -u; echo "$HOME"; pwd'])
    home = ordinary_user().pw_dir
    assert done.stdout.split() == [str(ordinary_user().pw_uid), home, home]
    assert ordinary_user().pw_uid != 0


@pytest.mark.real
def test_the_ordinary_user_can_start_trimaran() -> None:
    done = as_ordinary_user([*trimaran_program(), "--version"])
    assert done.stdout.startswith("trimaran ")


@pytest.mark.real
def test_an_ordinary_folder_is_removed_with_what_subordinate_ids_own() -> None:
    script = "mkdir a && chown 1000:1000 a"
    enter = ["unshare", "--user", "--map-root-user", "--map-auto"]
    with ordinary_folder() as folder:
        done = as_ordinary_user([*enter, "sh", "-c", script], folder=folder)
        assert done.returncode == 0, done.stderr
        assert (folder / "a").stat().st_uid not in {0, os.getuid(), ordinary_user().pw_uid}
    assert not folder.exists()


def test_a_program_that_takes_too_long_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        as_ordinary_user(["sleep", "60"], timeout_s=0.1)

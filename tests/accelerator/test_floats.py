"""Calls that compute with long double."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.accelerator import floats
from trimaran.accelerator.trees import Tree

FRACTION = "its printf may print a fraction, which it computes as long double"
UNSEEN = "what it runs cannot be seen beforehand"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("-c", "echo hello; printf '%s %d\\n' a 1"), ""),
        (("-c", "printf %.1f 0.45"), FRACTION),
        (("-ec", "printf '%-5.2e' 1"), FRACTION),
        (("-euxo", "pipefail", "-c", "printf -v x \\\n '%*g' 3 1"), FRACTION),
        (("--norc", "-c", "date +%F\nprintf x", "name"), ""),
        (("-o", "pipefail", "script", "-c"), ""),
        (("--rcfile", "/rc", "script"), ""),
        (("--version",), ""),
        (("-c", "printf '%(%F %e)T %s' 0 x"), ""),
        (("--", "/w/fractions", "argument"), FRACTION),
        (("+x", "fractions"), FRACTION),
        (("gone",), UNSEEN),
        ((), UNSEEN),
        (("-s", "--"), UNSEEN),
        (("-",), UNSEEN),
        (("-i",), UNSEEN),
    ],
)
def test_bash_is_judged_by_its_text(tmp_path: Path, argv: tuple[str, ...], reason: str) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/script").write_text("printf '%s\\n' \"$@\"\nawk '{ print 1.5 }'\n")
    (tmp_path / "w/fractions").write_text("x=1\n  printf '%5.3f\\n' $x\n")
    with Tree(tmp_path) as tree:
        assert floats.of_bash(tree, "/w", ("bash", *argv)) == reason


@pytest.mark.parametrize(
    "arguments",
    ["t", "-rnk2 t", "--merge --debug t", "--parallel=2 big", "-k 2n log", "-u -o out /g"],
)
def test_sort_of_texts_and_whole_numbers_is_for_a_native_one(arguments: str) -> None:
    assert floats.of_sort(arguments.split()) == ""


@pytest.mark.parametrize(
    "arguments",
    [
        *("-g t", "-rg t", "-k2g t", "-k 2,2gr t", "-rk 2g t", "--general-numeric-sort t"),
        *("--sort=general-numeric t", "--sort general-numeric", "--key=2g", "--key 2g", "+1g t"),
    ],
)
def test_sort_of_long_doubles_is_emulated(arguments: str) -> None:
    assert floats.of_sort(arguments.split())

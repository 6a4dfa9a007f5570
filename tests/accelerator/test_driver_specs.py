"""Specs of a real driver, this machine's own, changed in a copy of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from trimaran.accelerator import driver_specs
from trimaran.accelerator.pointing import UnpatchableError


def driver() -> bytes:
    path = shutil.which("gcc")
    assert path
    return Path(path).resolve().read_bytes()


def specs_of(program: Path) -> dict[str, str]:
    words = [str(program), "-dumpspecs"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    parts = [part.partition(":\n") for part in text.split("\n\n*")]
    return {name.lstrip("*"): spec.rstrip("\n") for name, _, spec in parts}


def test_specs_become_other_texts_and_the_rest_stays(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_bytes(driver())
    after.write_bytes(driver_specs.patch(driver(), {"cross_compile": "1", "sysroot_spec": ""}))
    for one in (before, after):
        one.chmod(0o755)
    was, became = specs_of(before), specs_of(after)
    assert (was["cross_compile"], became["cross_compile"]) == ("0", "1")
    assert was["sysroot_spec"]
    assert became["sysroot_spec"] == ""
    differing = {name for name in was if was[name] != became[name]}
    assert differing == {"cross_compile", "sysroot_spec"}


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"no_such_spec": ""}, "no text 'no_such_spec'"),
        ({"cross_compile": "no such text"}, "no text 'no such text'"),
        ({"/usr/bin/": ""}, "0 specs of the name"),
    ],
)
def test_what_is_not_there_is_refused(wanted: dict[str, str], reason: str) -> None:
    with pytest.raises(UnpatchableError, match=reason):
        driver_specs.patch(driver(), wanted)


def test_a_program_that_moves_is_refused() -> None:
    with pytest.raises(UnpatchableError, match="fixed address"):
        driver_specs.patch(Path("/bin/cat").read_bytes(), {"cross_compile": "0"})


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(UnpatchableError, match="no 64-bit"):
        driver_specs.patch(b"#!/bin/sh\n", {"cross_compile": "0"})

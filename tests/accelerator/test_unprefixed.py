"""What a program of this machine puts before others' names, taken away in a copy of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trimaran.accelerator.pointing import UnpatchableError
from trimaran.accelerator.unprefixed import patch

SOURCE = r"""
#include <stdarg.h>
#include <stdio.h>

__attribute__((noipa)) static void concat(const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    for (; first; first = va_arg(rest, const char *))
        fputs(first, stdout);
    putchar('\n');
    va_end(rest);
}

int main(int argc, char **argv)
{
    concat(NAME, "-", "ld", NULL);
    concat("/usr/lib/", NAME, "/", "ld", NULL);
    for (int i = 0; i < argc; i++)
        concat(NAME, "-gcc", i ? argv[i] : "", NULL);
    return 0;
}
"""


def built(folder: Path, *options: str, name: str = '"cpu-os"') -> Path:
    (folder / "a.c").write_text(SOURCE)
    words = ["cc", "-O2", *options, f"-DNAME={name}", "-o", str(folder / "a")]
    subprocess.run([*words, str(folder / "a.c")], check=True)
    return folder / "a"


def lines(program: Path) -> list[str]:
    done = subprocess.run([program, "-x"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_others_are_called_by_their_own_names(tmp_path: Path) -> None:
    program = built(tmp_path, "-no-pie", "-fno-pie")
    assert lines(program) == ["cpu-os-ld", "/usr/lib/cpu-os/ld", "cpu-os-gcc", "cpu-os-gcc-x"]
    copy = tmp_path / "copy"
    copy.write_bytes(patch(program.read_bytes(), "cpu-os"))
    copy.chmod(0o755)
    assert lines(copy) == ["ld", "/usr/lib/cpu-os/ld", "gcc", "gcc-x"]


def test_a_program_that_moves_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpatchableError, match="fixed address"):
        patch(built(tmp_path, "-pie", "-fPIE").read_bytes(), "cpu-os")


def test_a_name_that_is_used_in_another_way_is_refused(tmp_path: Path) -> None:
    program = built(tmp_path, "-no-pie", "-fno-pie", name='(argc > 9 ? "b" : "cpu-os")')
    with pytest.raises(UnpatchableError):
        patch(program.read_bytes(), "cpu-os")


def test_a_name_that_is_not_there_is_refused(tmp_path: Path) -> None:
    data = built(tmp_path, "-no-pie", "-fno-pie").read_bytes()
    with pytest.raises(UnpatchableError, match="no text 'other-os'"):
        patch(data, "other-os")
    with pytest.raises(UnpatchableError, match="no 64-bit"):
        patch(b"#!/bin/sh\n", "cpu-os")

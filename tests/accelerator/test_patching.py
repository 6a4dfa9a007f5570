"""Texts of real programs of this machine, changed and run."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trimaran import machines
from trimaran.accelerator.patching import UnpatchableError, patch, texts
from trimaran.accelerator.pointing import displacements
from trimaran.accelerator.programs import Program

SOURCE = r"""
#include <stdio.h>
#include <string.h>
const char *pointed = "pointed-word";
int main(void)
{
    puts(pointed);
    puts("reached-word");
    puts("ends-with-tail" + strlen("ends-with-"));
    return 0;
}
"""
WORDS = (b"pointed-word", b"reached-word")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    (folder / "a.c").write_text(SOURCE)
    subprocess.run(["cc", "-O1", "-o", folder / "a", folder / "a.c"], check=True)
    return folder / "a"


def run(program: Path, data: bytes) -> list[str]:
    copy = program.with_name("copy")
    copy.write_bytes(data)
    copy.chmod(0o755)
    done = subprocess.run([copy], check=True, capture_output=True, text=True)
    return done.stdout.split("\n")[:-1]


@given(
    st.lists(st.integers(-(1 << 17), 1 << 17), max_size=30),
    st.integers(0, 1 << 16),
    st.integers(-(1 << 17), 1 << 17),
    st.integers(1, 300),
)
def test_every_distance_to_a_place_is_found(
    distances: list[int], padding: int, first: int, size: int
) -> None:
    code = bytes(padding) + struct.pack(f"<{len(distances)}i", *distances)
    end = first + size
    slow = [
        at
        for at in range(len(code) - 3)
        if first <= struct.unpack_from("<i", code, at)[0] + at + 4 < end
    ]
    assert sorted(displacements(code, first, end)) == slow


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(new=st.text("abcdefghijklmnop-", min_size=1, max_size=120))
def test_a_word_becomes_one_of_any_length(program: Path, new: str) -> None:
    native = program.read_bytes()
    for index, old in enumerate(WORDS):
        wanted = run(program, native)
        if len(new) != len(old) and machines.host().name != "x86_64":
            with pytest.raises(UnpatchableError):
                patch(native, [(old, new.encode())])
            continue
        wanted[index] = new
        assert run(program, patch(native, [(old, new.encode())])) == wanted


def test_a_word_in_use_by_its_end_is_not_overwritten(program: Path) -> None:
    native = program.read_bytes()
    assert run(program, native)[2] == "tail"
    try:
        changed = patch(native, [(b"ends-with-tail", b"ends-with-next")])
    except UnpatchableError:
        return
    assert run(program, changed)[2] == "tail"


@pytest.mark.parametrize("old", [b"not there", b"pointed"])
def test_what_is_no_whole_word_is_refused(program: Path, old: bytes) -> None:
    with pytest.raises(UnpatchableError):
        patch(program.read_bytes(), [(old, b"other")])


def test_forms_describe_one_word() -> None:
    native, target = b"\0x86_64-pc-linux-gnu\0", b"\0aarch64-unknown-linux-gnu\0"
    system, cpu = "[a-z0-9_]+-[a-z]+-linux-gnu", "([a-z0-9_]+)-[a-z]+-linux-gnu"
    assert texts(native, target, [(system, system)]) == [(native[1:-1], target[1:-1])]
    assert texts(native, target, [(cpu, cpu)]) == [(b"x86_64", b"aarch64")]
    assert texts(native, target, [("none", "none")]) == []
    with pytest.raises(UnpatchableError, match="2 texts"):
        texts(native + b"i686-pc-linux-gnu\0", target, [(system, system)])


@given(st.binary(max_size=300), st.integers(0, 500))
def test_nothing_in_a_damaged_file_breaks_it(garbage: bytes, at: int) -> None:
    whole = b"\x7fELF\x02\x01" + bytes(500)
    data = whole[:at] + garbage + whole[at:]
    try:
        Program(data)
        patch(data, [(b"abc", b"abcd")])
    except (ValueError, UnpatchableError):
        return


def test_a_text_whose_end_is_a_number_in_the_code_stays(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(SOURCE)
    words = ["cc", "-O1", "-no-pie", "-fno-pie", "-o", str(tmp_path / "a")]
    subprocess.run([*words, str(tmp_path / "a.c")], check=True)
    data = (tmp_path / "a").read_bytes()
    changed = patch(data, [(b"reached-word", b"other")])
    assert run(tmp_path / "a", changed) == ["pointed-word", "other", "tail"]
    with pytest.raises(UnpatchableError, match="nothing points at"):
        patch(data, [(b"ends-with-tail", b"ends")])

"""What a driver is told of compilers for accelerators, and where it is emulated because of them."""

from __future__ import annotations

import pytest

from trimaran.accelerator.conditions import refusal
from trimaran.accelerator.offloading import Fields, told

PLAIN = b"\0../src/configure -v --enable-checking=release --build=cpu\0"
ONE = (
    b"\0../src/configure -v --enable-offload-targets=nvptx-none=/b/usr --enable-offload-defaulted"
    b" --build=cpu\0OFFLOAD_TARGET_NAMES=\0nvptx-none\0"
)
TWO = (
    b"\0../src/configure --enable-offload-targets=nvptx-none=/b/usr,amdgcn-amdhsa=/c --x\0"
    b"nvptx-none,amdgcn-amdhsa\0"
)
FORWARDS = b"-foffload-options=-l_GCC_m\0"
FOLLOWS = "f-lm\x01-foffload-options=-l_GCC_m"


def refused(fields: Fields, line: str) -> str:
    words = [one.encode() for one in line.split()]
    return refusal((*fields.fields, *fields.behind), words, [])


@pytest.mark.parametrize("language", ["c", "c++"])
def test_a_driver_without_them_is_told_nothing(language: str) -> None:
    assert told(PLAIN, "14", language) == Fields()


def test_all_that_it_starts_is_told_their_names() -> None:
    named = told(ONE, "12", "c++")
    assert named.fields == ("eOFFLOAD_TARGET_NAMES=nvptx-none", "eOFFLOAD_TARGET_DEFAULT=1")
    assert not named.behind
    assert told(TWO, "13", "c").fields == ("eOFFLOAD_TARGET_NAMES=nvptx-none:amdgcn-amdhsa",)


def test_the_mathematical_library_is_handed_on_in_its_place() -> None:
    fields = told(ONE + FORWARDS, "14", "c")
    assert FOLLOWS in fields.fields
    assert not refused(fields, "gcc a.c -lm -o a -lm")
    assert not refused(fields, "gcc a.c -Xlinker --gc-sections")
    assert refused(fields, "gcc a.c -Xlinker -lm")


def test_where_cxx_links_it_is_handed_on_at_the_end() -> None:
    fields = told(ONE + FORWARDS, "14", "c++")
    assert fields.behind[-1] == "a-foffload-options=-l_GCC_m"
    assert fields.behind[0].startswith("o-c,")
    place = fields.fields.index(FOLLOWS)
    assert fields.fields[place - 1].startswith("i-c,")


@pytest.mark.parametrize(
    "line",
    [
        "a.cc",
        "-c a.cc -lm -lm",
        "-c a.h",
        "a.o -lm -o a",
        "-S -x c++ a",
        "-r a.o",
        "--coverage a.o",
    ],
)
def test_a_call_of_cxx_that_is_understood_is_native(line: str) -> None:
    assert not refused(told(ONE + FORWARDS, "14", "c++"), f"g++ {line}")


@pytest.mark.parametrize(
    "line",
    [
        "a.h",
        "-lm a.o -lm",
        "-x c++ a",
        "--compile a.cc",
        "-Xlinker -r a.o",
        "-c -Xassembler -c a.s",
    ],
)
def test_a_call_of_cxx_that_is_in_doubt_is_emulated(line: str) -> None:
    assert refused(told(ONE + FORWARDS, "14", "c++"), f"g++ {line}")


@pytest.mark.parametrize(
    ("driver", "version"),
    [
        (ONE + FORWARDS, "15"),  # hands on -lstdc++ as well
        (ONE, "14"),  # should hand on -lm
        (ONE + FORWARDS, "13"),
        (ONE, "11"),
        (ONE.replace(b"\0nvptx-none\0", b"\0"), "12"),
    ],
)
def test_one_that_is_not_known_is_emulated_where_it_links(driver: bytes, version: str) -> None:
    assert refused(told(driver, version, "c"), "gcc a.o -lm")
    assert not refused(told(driver, version, "c"), "gcc a.o")
    assert refused(told(driver, version, "c++"), "g++ a.o")
    assert not refused(told(driver, version, "c++"), "g++ -c a.cc")

"""When there is anything to accelerate."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimaran import platforms
from trimaran.accelerator import interpreter
from trimaran.build import acceleration
from trimaran.emulation.support import Emulated, Emulator, Native, Support

ARM = platforms.parse("linux/arm64")
QEMU = Emulator(Path("/usr/bin/qemu-aarch64-static"), "aarch64")


@pytest.mark.parametrize(
    ("support", "mode", "expected"),
    [
        (Emulated(QEMU, private=True), "auto", True),
        (Emulated(QEMU, private=True), "verify", True),
        (Emulated(QEMU, private=True), "off", False),
        (Emulated(QEMU), "auto", False),  # the table is the host's, which is left alone
        (Native(), "auto", False),
    ],
)
def test_only_a_table_of_the_builds_own_is_added_to(
    support: Support, mode: str, *, expected: bool
) -> None:
    assert interpreter.available()
    assert acceleration.wanted(mode, {ARM: support}) == expected

from __future__ import annotations

import pytest

from trimaran import machines
from trimaran.emulation import hints


@pytest.mark.parametrize(
    ("family", "hint"),
    [
        ("debian", "sudo apt-get install qemu-user-static"),
        ("fedora", "sudo dnf install qemu-user-static"),
        ("alpine", "sudo apk add qemu-s390x"),
        ("arch", "sudo pacman -S qemu-user-static"),
        ("suse", "sudo zypper install qemu-linux-user"),
        ("", "install QEMU's static user-mode emulator qemu-s390x-static"),
    ],
)
def test_the_distributions_own_command(family: str, hint: str) -> None:
    machine = machines.by_name("s390x")
    assert machine is not None
    assert hints.install_emulator(machine, family) == hint


def test_what_qemu_dropped_is_in_no_package() -> None:
    machine = machines.by_name("nios2")
    assert machine is not None
    hint = hints.install_emulator(machine, "debian")
    assert hint.startswith("QEMU dropped nios2 in 9.1;")

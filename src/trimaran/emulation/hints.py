"""What to install where an emulator is missing, by distribution."""

from __future__ import annotations

from trimaran.linux import distribution
from trimaran.machines import Machine


def install_emulator(machine: Machine, family: str) -> str:
    """The command that brings a CPU's static emulator.

    Args:
        machine: the CPU.
        family: from `distribution.family`.
    """
    if machine.removed_in_qemu:
        return (
            f"QEMU dropped {machine.name} in {machine.removed_in_qemu};"
            f" put a static qemu-{machine.name} of an older release on the search path"
        )
    packages = {
        "debian": "qemu-user-static",
        "fedora": "qemu-user-static",
        "alpine": f"qemu-{machine.name}",
        "arch": "qemu-user-static",
        "suse": "qemu-linux-user",
    }
    otherwise = f"install QEMU's static user-mode emulator qemu-{machine.name}-static"
    return distribution.install_hint(packages, family, otherwise)

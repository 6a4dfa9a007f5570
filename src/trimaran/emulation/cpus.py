"""The CPU that QEMU is to show to a platform's programs: one that has what its variant promises.

QEMU's own default has everything, so that a program with too new instructions would run in the
build and die on the user's board. A platform that names no variant promises nothing beyond its
first level, but images of it need more in practice (Red Hat's need x86-64-v2 or POWER9): QEMU's
default is kept for them.

CPUs by their technical reference manuals, levels by the x86-64 psABI (chapter 3.1.1); the boards of
a variant are its most common ones, and each has what Debian's port for it needs: ARMv5TE for armel,
ARMv7-A with VFPv3-D16 for armhf.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trimaran.emulation import probes
from trimaran.emulation.quirks import CPU_VARIABLE
from trimaran.platforms import Platform

# Named CPUs carry features that QEMU cannot emulate, and it warns of each in every program.
_V2 = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+lahf-lm"
_V3 = f"{_V2},+avx,+avx2,+bmi1,+bmi2,+f16c,+fma,+abm,+movbe,+xsave"


@dataclass(frozen=True, slots=True)
class _Row:
    """A CPU by QEMU's name, and the release that first had it."""

    cpu: str
    since: tuple[int, ...] = ()


_ROWS = {
    ("arm", "v5"): _Row("arm926"),
    ("arm", "v6"): _Row("arm1176"),  # Raspberry Pi 1 and Zero
    ("arm", "v7"): _Row("cortex-a7"),  # Raspberry Pi 2
    ("amd64", "v2"): _Row(_V2, (7, 2)),
    ("amd64", "v3"): _Row(_V3, (7, 2)),  # the first release that emulates AVX
    ("ppc64le", "power8"): _Row("power8"),
    ("ppc64le", "power9"): _Row("power9"),
    ("ppc64le", "power10"): _Row("power10"),
    ("riscv64", "rva22u64"): _Row("rva22u64", (9, 0)),
    ("riscv64", "rva23u64"): _Row("rva23u64", (10, 0)),
}

# QEMU's default with the quick one of its two ways to sign pointers, from that release
# on. Hardware has ways of its own, too.
_QUICK = {"arm64": _Row("max,pauth-impdef=on", (6, 0))}


def cpu(platform: Platform, version: tuple[int, ...]) -> str:
    """QEMU's name of the CPU for a platform; empty where its default is to be kept.

    Args:
        platform: normalised.
        version: the emulator's; empty if it is not known, for CPUs that every release has.
    """
    row = _ROWS.get((platform.architecture, platform.variant))
    return row.cpu if row and version >= row.since else ""


def quick_cpu(platform: Platform, version: tuple[int, ...]) -> str:
    """QEMU's default CPU as it is quickest; empty if that is as it comes. Arguments as of `cpu`."""
    row = _QUICK.get(platform.architecture)
    return row.cpu if row and version >= row.since else ""


def proven(name: str, platform: Platform, folder: Path) -> str:
    """QEMU's name of a CPU; empty if the platform's emulator does not run the CPU's probe on it.

    Args:
        name: from `cpu` or `quick_cpu`; may be empty.
        platform: normalised.
        folder: from `probes.scratch`.
    """
    machine = platform.machine
    if not name or machine is None:
        return ""
    return "" if probes.fault(machine, folder, environment={CPU_VARIABLE: name}) else name

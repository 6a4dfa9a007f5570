"""A file's needs against a platform: pure rules, from the psABIs and the OCI image-spec."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trimaran import elf, machines
from trimaran.audit.facts import Binary, Levels
from trimaran.audit.findings import Rule, Severity
from trimaran.machines import Machine
from trimaran.platforms import Platform

Judgement = tuple[Severity, Rule, str]

ET_REL, ET_EXEC, ET_CORE = 1, 2, 4
_V8 = 8
_NO_CPUS = frozenset({0, 190, 224, 247})
"""e_machine of what no CPU runs: none, CUDA, AMD GPUs, BPF."""
COMPATIBLE = frozenset(
    {
        *{("amd64", "386"), ("arm64", "arm"), ("ppc64", "ppc"), ("sparc64", "sparc")},
        *{("mips64", "mips"), ("mips64", "mips64p32")},
        *{("mips64le", "mipsle"), ("mips64le", "mips64p32le")},
    }
)
"""A CPU, and the older one whose programs its kernel may run as well."""
# Tag_CPU_arch and the lowest variant that runs it. ARMv6T2 has Thumb-2, which no ARMv6 of the
# variant's meaning (ARM1176) has; microcontrollers' architectures (v6-M, v8-M) run no Linux.
_ARM_LEVELS = {
    **dict.fromkeys(range(6), 5),
    **dict.fromkeys((6, 7, 9), 6),
    **dict.fromkeys((8, 10, 13), 7),
    **dict.fromkeys((14, 15, 22), 8),
}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The mandatory extensions, and those that they consist of (RISC-V profiles, RVA20 to RVA23).
_RVA20 = _set(
    "i m a f d c g zicsr zifencei zicntr zihpm zmmul zaamo zalrsc zca zcd ziccif ziccrse ziccamoa"
    " zicclsm za128rs"
)
_RVA22 = _RVA20 | _set("b zba zbb zbs zic64b zicbom zicbop zicboz zihintpause zfhmin zkt za64rs")
_RVA23 = _RVA22 | _set(
    "v zve32x zve32f zve64x zve64f zve64d zvl32b zvl64b zvl128b zvfhmin zvbb zvkb zvkt zihintntl"
    " zicond zimop zcmop zcb zfa zawrs supm"
)
_PROFILES = {"": _RVA20, "rva20u64": _RVA20, "rva22u64": _RVA22, "rva23u64": _RVA23}
_CHOSEN_AT_RUN_TIME = re.compile(r"/(?:glibc-hwcaps|neon|vfp|v7l|v8l|tls|haswell|xen)/")
"""Folders of which ld.so takes what the CPU can do (ld.so(8))."""
_ESSENTIAL = re.compile(r"/(?:ld-|libc[.-])[^/]*$")
"""The dynamic loader and the C library, which every dynamic program needs."""
_OF_DISTRIBUTION = re.compile(r"/(?:usr/)?lib/arm-linux-gnueabi(?:hf)?/")
"""Debian's own folders, whose architecture the package database tells."""
_CROSS = re.compile(r"/usr/(?:lib/gcc-cross/)?([a-z0-9_]+-linux-[a-z0-9]+)/")


def judge(binary: Binary, path: str, platform: Platform) -> Iterator[Judgement]:
    """What keeps a file from running on a platform.

    Args:
        binary: its facts.
        path: absolute; some folders' names say what they hold.
        platform: normalised.
    """
    wanted = platform.machine
    if wanted is None or binary.elf.e_type == ET_CORE or binary.elf.e_machine in _NO_CPUS:
        return
    if not elf.fits(binary.elf, wanted):
        if not _named_for_it(binary, path):
            yield _foreign(binary, wanted, platform)
    elif not _CHOSEN_AT_RUN_TIME.search(path):
        yield from _levels(binary, path, platform)


def machine_name(binary: Binary) -> str:
    """A file's CPU as people call it."""
    found = elf.machine_of(binary.elf)
    if found:
        return found.architecture or found.name
    rows = (row for row in machines.MACHINES if binary.elf.e_machine in row.e_machines)
    row = next(rows, None)
    order = "big" if binary.elf.big_endian else "little"
    kind = f"{binary.elf.elf_class}-bit {order}-endian"
    return f"{kind} {row.name}" if row else f"an unknown CPU ({kind}, {binary.elf.e_machine})"


def is_compatible(platform: Platform, binary: Binary) -> bool:
    """Whether the file's CPU is the platform's, or an older one that it may run as well."""
    wanted = platform.machine
    if wanted is None or elf.fits(binary.elf, wanted):
        return True
    return (wanted.architecture, machine_name(binary)) in COMPATIBLE


def _named_for_it(binary: Binary, path: str) -> bool:
    """Whether it lies in the sysroot of a cross toolchain for its own CPU (GNU's layout)."""
    named, found = _CROSS.match(path), elf.machine_of(binary.elf)
    return bool(named and found and named[1] in found.triplets)


def _foreign(binary: Binary, wanted: Machine, platform: Platform) -> Judgement:
    name = machine_name(binary)
    if (wanted.architecture, name) in COMPATIBLE:
        message = f"is for {name}, which not every {platform.architecture} machine runs"
        return "warning", "machine", message
    if binary.elf.e_type == ET_REL:
        return "warning", "machine", f"is object code for {name}"
    return "error", "machine", f"is for {name}"


def _levels(binary: Binary, path: str, platform: Platform) -> Iterator[Judgement]:
    levels, variant = binary.levels, platform.variant
    match platform.architecture:
        case "arm" | "armbe":
            yield from _arm(binary, path, _number(variant, 7))
        case "arm64":
            yield from _arm64(levels, variant)
        case "amd64":
            yield from _x86(levels.x86_level, _number(variant, 1), "")
            yield from _x86(_number(levels.go, 0), _number(variant, 1), _built("GOAMD64", levels))
        case "riscv64":
            yield from _riscv(levels, variant)
        case "ppc64le" | "ppc64":
            yield from _power(binary, platform)


def _built(setting: str, levels: Levels) -> str:
    return f": it was built with {setting}={levels.go}"


def _x86(need: int, have: int, why: str) -> Iterator[Judgement]:
    if need > have:
        # Whole distributions are v2 under the plain name, and hardly a CPU is not.
        severity: Severity = "error" if need > 2 else "warning"  # noqa: PLR2004
        yield severity, "x86-level", f"needs x86-64-v{need}{why}"


def _arm(binary: Binary, path: str, have: int) -> Iterator[Judgement]:
    levels = binary.levels
    built_for = _number(levels.go, 0)
    if built_for > have:
        yield "error", "arm-level", f"needs ARMv{built_for}{_built('GOARM', levels)}"
        return
    need = _ARM_LEVELS.get(levels.arm_architecture, 0)
    if need > have:
        # A file's attribute is the highest of its parts: libraries hold parts for newer CPUs that
        # they choose at run time (of Debian's armel, libatomic, libgcrypt and libnettle).
        elf_facts = binary.elf
        program = elf_facts.e_type == ET_EXEC or bool(elf_facts.interpreter) or levels.arm_pie
        certain = need < _V8 and (program or _ESSENTIAL.search(path) is not None)
        if program or (need < _V8 and (certain or not _OF_DISTRIBUTION.match(path))):
            yield "error" if certain else "warning", "arm-level", f"needs ARMv{need}"
    if have < 6 and levels.arm_hard_float:  # noqa: PLR2004 - VFP came into wide use with v6
        yield "error", "abi", "passes floats in VFP registers"


def _arm64(levels: Levels, variant: str) -> Iterator[Judgement]:
    if _version(levels.go) > _version(variant or "v8"):
        need = levels.go.partition(",")[0].removeprefix("v")
        yield "error", "arm-level", f"needs ARMv{need}{_built('GOARM64', levels)}"


def _riscv(levels: Levels, variant: str) -> Iterator[Judgement]:
    profile = _PROFILES.get(variant)
    if profile is None:
        return
    severity: Severity = "error" if variant else "warning"
    extensions = levels.riscv_extensions
    names = [*extensions[0], *extensions[1:]] if extensions else []
    beyond = [name for name in names if name not in profile]
    if beyond:
        shown = variant or "rva20u64"
        yield severity, "riscv-profile", f"needs {', '.join(beyond)}, beyond {shown}"
    if _number(levels.go, 20, "rva") > _number(variant, 20, "rva"):
        yield severity, "riscv-profile", f"needs {levels.go}{_built('GORISCV64', levels)}"


def _power(binary: Binary, platform: Platform) -> Iterator[Judgement]:
    # EF_PPC64_ABI: 1 is that of function descriptors, 2 ELFv2; 0 says nothing.
    abi, levels = binary.elf.e_flags & 3, binary.levels
    if platform.architecture == "ppc64le" and abi not in (0, 2):
        yield "error", "abi", f"keeps to the ABI ELFv{abi}"
    if _number(levels.go, 8, "power") > _number(platform.variant, 8, "power"):
        severity: Severity = "error" if platform.variant else "warning"
        yield severity, "power-level", f"needs {levels.go}{_built('GOPPC64', levels)}"


def _number(text: str, default: int, prefix: str = "v") -> int:
    """The number of a variant, or of Go's word for one: `v3`, `7,softfloat`, `rva22u64`."""
    found = re.match(rf"(?:{prefix})?(\d+)", text)
    return int(found[1]) if found else default


def _version(text: str) -> tuple[int, ...]:
    """The architecture's version in `v8.2` or `v9.0,lse`; v9.0 holds what v8.5 does."""
    found = re.match(r"v?(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2] or 0)) if found else ()

"""One row per CPU that QEMU's user mode knows. A new CPU is a new row and nothing else.

ELF facts are from the gABI's e_machine registry and from each psABI; OCI names from the image-spec
(image-index.md, platform) and Go's GOARCH list; uname names from the kernel's UTS_MACHINE.
"""

from __future__ import annotations

import os
import sys

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """A CPU, as the ELF format, the OCI specifications, QEMU and distributions name it.

    Attributes:
        name: QEMU's target name: `qemu-NAME-static`.
        architecture: the OCI architecture (GOARCH); empty if it has none.
        elf_class: 32 or 64.
        e_machines: the first one is what today's tools write.
        e_flags: mask and value that tell ABIs with one e_machine apart; (0, 0) if none need to be.
        uname_names: what `uname -m` prints, the usual one first.
        triplets: GNU triplets, the usual one first.
        debian: Debian's architecture name; empty if it has none.
        removed_in_qemu: the release that dropped the target; empty if it is still there.
    """

    name: str
    architecture: str
    elf_class: int
    e_machines: tuple[int, ...]
    uname_names: tuple[str, ...]
    big_endian: bool = False
    e_flags: tuple[int, int] = (0, 0)
    triplets: tuple[str, ...] = ()
    debian: str = ""
    removed_in_qemu: str = ""


MACHINES: tuple[Machine, ...] = (
    Machine(
        "aarch64",
        "arm64",
        elf_class=64,
        e_machines=(0xB7,),
        uname_names=("aarch64",),
        triplets=("aarch64-linux-gnu",),
        debian="arm64",
    ),
    Machine(
        "aarch64_be",
        "arm64be",
        elf_class=64,
        big_endian=True,
        e_machines=(0xB7,),
        uname_names=("aarch64_be",),
        triplets=("aarch64_be-linux-gnu",),
    ),
    Machine(
        "alpha",
        "",
        elf_class=64,
        e_machines=(0x9026,),
        uname_names=("alpha",),
        triplets=("alpha-linux-gnu",),
        debian="alpha",
    ),
    Machine(
        "arm",
        "arm",
        elf_class=32,
        e_machines=(0x28,),
        uname_names=("armv7l", "armv6l", "armv5tel", "armv8l"),
        triplets=("arm-linux-gnueabihf", "arm-linux-gnueabi"),
        debian="armhf",
    ),
    Machine(
        "armeb",
        "armbe",
        elf_class=32,
        big_endian=True,
        e_machines=(0x28,),
        uname_names=("armv7b",),
        triplets=("armeb-linux-gnueabi",),
    ),
    Machine(
        "cris", "", elf_class=32, e_machines=(0x4C,), uname_names=("cris",), removed_in_qemu="9.2"
    ),
    Machine("hexagon", "", elf_class=32, e_machines=(0xA4,), uname_names=("hexagon",)),
    Machine(
        "hppa",
        "",
        elf_class=32,
        big_endian=True,
        e_machines=(0xF,),
        uname_names=("parisc", "parisc64"),
        triplets=("hppa-linux-gnu",),
        debian="hppa",
    ),
    Machine(
        "i386",
        "386",
        elf_class=32,
        e_machines=(0x3, 0x6),
        uname_names=("i386", "i486", "i586", "i686"),
        triplets=("i686-linux-gnu", "i386-linux-gnu"),
        debian="i386",
    ),
    Machine(
        "loongarch64",
        "loong64",
        elf_class=64,
        e_machines=(0x102,),
        uname_names=("loongarch64",),
        triplets=("loongarch64-linux-gnu",),
        debian="loong64",
    ),
    Machine(
        "m68k",
        "",
        elf_class=32,
        big_endian=True,
        e_machines=(0x4,),
        uname_names=("m68k",),
        triplets=("m68k-linux-gnu",),
        debian="m68k",
    ),
    Machine(
        "microblaze",
        "",
        elf_class=32,
        big_endian=True,
        e_machines=(0xBD, 0xBAAB),  # EM_MICROBLAZE, and the unofficial one before it
        uname_names=("microblaze",),
    ),
    Machine(
        "microblazeel", "", elf_class=32, e_machines=(0xBD, 0xBAAB), uname_names=("microblazeel",)
    ),
    Machine(
        "mips",
        "mips",
        elf_class=32,
        big_endian=True,
        e_machines=(0x8,),
        e_flags=(0x20, 0),  # EF_MIPS_ABI2 tells N32 from O32; N64 has the other class
        uname_names=("mips",),
        triplets=("mips-linux-gnu",),
        debian="mips",
    ),
    Machine(
        "mips64",
        "mips64",
        elf_class=64,
        big_endian=True,
        e_machines=(0x8,),
        uname_names=("mips64",),
        triplets=("mips64-linux-gnuabi64",),
        debian="mips64",
    ),
    Machine(
        "mips64el",
        "mips64le",
        elf_class=64,
        e_machines=(0x8,),
        uname_names=("mips64",),
        triplets=("mips64el-linux-gnuabi64",),
        debian="mips64el",
    ),
    Machine(
        "mipsel",
        "mipsle",
        elf_class=32,
        e_machines=(0x8,),
        e_flags=(0x20, 0),
        uname_names=("mips",),
        triplets=("mipsel-linux-gnu",),
        debian="mipsel",
    ),
    Machine(
        "mipsn32",
        "mips64p32",
        elf_class=32,
        big_endian=True,
        e_machines=(0x8,),
        e_flags=(0x20, 0x20),
        uname_names=("mips64",),
        triplets=("mips64-linux-gnuabin32",),
        debian="mipsn32",
    ),
    Machine(
        "mipsn32el",
        "mips64p32le",
        elf_class=32,
        e_machines=(0x8,),
        e_flags=(0x20, 0x20),
        uname_names=("mips64",),
        triplets=("mips64el-linux-gnuabin32",),
        debian="mipsn32el",
    ),
    Machine(
        "nios2", "", elf_class=32, e_machines=(0x71,), uname_names=("nios2",), removed_in_qemu="9.1"
    ),
    Machine(
        "or1k", "", elf_class=32, big_endian=True, e_machines=(0x5C,), uname_names=("openrisc",)
    ),
    Machine(
        "ppc",
        "ppc",
        elf_class=32,
        big_endian=True,
        e_machines=(0x14,),
        uname_names=("ppc",),
        triplets=("powerpc-linux-gnu",),
        debian="powerpc",
    ),
    Machine(
        "ppc64",
        "ppc64",
        elf_class=64,
        big_endian=True,
        e_machines=(0x15,),
        uname_names=("ppc64",),
        triplets=("powerpc64-linux-gnu",),
        debian="ppc64",
    ),
    # 32-bit programs of a 64-bit CPU: their header is that of ppc (emulation.variants.twins).
    Machine(
        "ppc64abi32",
        "",
        elf_class=32,
        big_endian=True,
        e_machines=(0x14,),
        uname_names=("ppc64",),
        removed_in_qemu="7.0",
    ),
    Machine(
        "ppc64le",
        "ppc64le",
        elf_class=64,
        e_machines=(0x15,),
        uname_names=("ppc64le",),
        triplets=("powerpc64le-linux-gnu",),
        debian="ppc64el",
    ),
    Machine(
        "riscv32",
        "riscv",
        elf_class=32,
        e_machines=(0xF3,),
        uname_names=("riscv32",),
        triplets=("riscv32-linux-gnu",),
    ),
    Machine(
        "riscv64",
        "riscv64",
        elf_class=64,
        e_machines=(0xF3,),
        uname_names=("riscv64",),
        triplets=("riscv64-linux-gnu",),
        debian="riscv64",
    ),
    Machine(
        "s390x",
        "s390x",
        elf_class=64,
        big_endian=True,
        e_machines=(0x16,),
        uname_names=("s390x",),
        triplets=("s390x-linux-gnu",),
        debian="s390x",
    ),
    Machine(
        "sh4",
        "",
        elf_class=32,
        e_machines=(0x2A,),
        uname_names=("sh4", "sh4a"),
        triplets=("sh4-linux-gnu",),
        debian="sh4",
    ),
    Machine("sh4eb", "", elf_class=32, big_endian=True, e_machines=(0x2A,), uname_names=("sh4eb",)),
    Machine(
        "sparc", "sparc", elf_class=32, big_endian=True, e_machines=(0x2,), uname_names=("sparc",)
    ),
    Machine(
        "sparc32plus",
        "",
        elf_class=32,
        big_endian=True,
        e_machines=(0x12,),
        uname_names=("sparc64",),
    ),
    Machine(
        "sparc64",
        "sparc64",
        elf_class=64,
        big_endian=True,
        e_machines=(0x2B,),
        uname_names=("sparc64",),
        triplets=("sparc64-linux-gnu",),
        debian="sparc64",
    ),
    Machine(
        "tilegx",
        "",
        elf_class=64,
        e_machines=(0xBF,),
        uname_names=("tilegx",),
        removed_in_qemu="6.0",
    ),
    Machine(
        "x86_64",
        "amd64",
        elf_class=64,
        e_machines=(0x3E,),
        uname_names=("x86_64",),
        triplets=("x86_64-linux-gnu",),
        debian="amd64",
    ),
    Machine("xtensa", "", elf_class=32, e_machines=(0x5E,), uname_names=("xtensa",)),
    Machine(
        "xtensaeb", "", elf_class=32, big_endian=True, e_machines=(0x5E,), uname_names=("xtensaeb",)
    ),
)

_BY_NAME = {machine.name: machine for machine in MACHINES}
_BY_ARCHITECTURE = {machine.architecture: machine for machine in MACHINES if machine.architecture}


def by_name(name: str) -> Machine | None:
    """The row of QEMU's target `name`."""
    return _BY_NAME.get(name)


def by_architecture(architecture: str) -> Machine | None:
    """The row of an OCI architecture."""
    return _BY_ARCHITECTURE.get(architecture)


def host() -> Machine:
    """The row of this machine's own CPU, by the kernel's word.

    Raises:
        LookupError: the table has no row for it.
    """
    return by_uname(os.uname().machine, big_endian=sys.byteorder == "big")


def by_uname(name: str, *, big_endian: bool) -> Machine:
    """The row of a CPU by what `uname -m` prints, which for some is the same in both byte orders.

    Of several ABIs of one kernel the widest is meant: sparc64, not sparc32plus.

    Raises:
        LookupError: the table has no row for it.
    """
    rows = [one for one in MACHINES if name in one.uname_names and one.big_endian == big_endian]
    if not rows:
        raise LookupError(f"no row for {name}")
    return max(rows, key=lambda one: one.elf_class)

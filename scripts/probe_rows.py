"""How the probe of each CPU is built from its assembly in probes/.

A probe is an ELF header, one program header and the code, all of it one segment at 0x400000.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.toolchain import Tools, link

ROOT = Path(__file__).parents[1]
PROBES = ROOT / "src" / "trimaran" / "emulation" / "probes.json"

# Notes and tables of the CPU's that some assemblers add. LLVM's linker refuses to drop all.
_DROP_ALL = "/DISCARD/ : { *(*) }"
_SCRIPT = """\
PHDRS { image PT_LOAD FILEHDR PHDRS FLAGS(5); }
SECTIONS {
  . = 0x400000 + SIZEOF_HEADERS;
  .text : { *(.literal .text .text.*) } :image
  %s
}
"""


@dataclass(frozen=True)
class Row:
    """How one CPU's probe is built.

    Attributes:
        source: the file in probes/, without its suffix.
        packages: of Debian, with the programs; none if no assembler is packaged.
        programs: the assembler and the linker.
        assembler: its flags.
        linker: its flags.
    """

    source: str
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    assembler: tuple[str, ...] = ()
    linker: tuple[str, ...] = ()

    def build(self, tools: Tools) -> bytes:
        """The program; raises what `Tools.run` does."""
        assembler, linker = self.programs
        with tempfile.TemporaryDirectory() as scratch:
            compiled = Path(scratch, "object")
            source = ROOT / "probes" / f"{self.source}.S"
            tools.run(assembler, *self.assembler, "-o", compiled, source)
            drop = "" if linker.startswith("ld.lld") else _DROP_ALL
            return link(tools, linker, self.linker, [compiled], _SCRIPT % drop)


def _gnu(source: str, triplet: str, *assembler: str, linker: tuple[str, ...] = ()) -> Row:
    packages = (f"binutils-{triplet.replace('_', '-')}",)
    return Row(source, packages, (f"{triplet}-as", f"{triplet}-ld"), assembler, linker)


def _mips(triplet: str, write: int, exit_: int) -> Row:
    return _gnu("mips", triplet, f"--defsym=WRITE={write}", f"--defsym=EXIT={exit_}")


def _sparc(source: str, *assembler: str) -> Row:
    return _gnu(source, "sparc64-linux-gnu", "-32", *assembler, linker=("-m", "elf32_sparc"))


_BIG = ("-EB",)
_BITS64 = "--defsym=BITS64=1"
_HEXAGON = ("-triple=hexagon-unknown-linux", "-mcpu=hexagonv60", "-filetype=obj")

ROWS: Mapping[str, Row] = {
    "aarch64": _gnu("aarch64", "aarch64-linux-gnu"),
    "aarch64_be": _gnu("aarch64", "aarch64-linux-gnu", "-mbig-endian", linker=_BIG),
    "alpha": _gnu("alpha", "alpha-linux-gnu"),
    "arm": _gnu("arm", "arm-linux-gnueabi"),
    "armeb": _gnu("arm", "arm-linux-gnueabi", "-EB", linker=(*_BIG, "--be8")),
    "cris": Row("cris"),
    "hexagon": Row("hexagon", ("llvm-14", "lld-14"), ("llvm-mc-14", "ld.lld-14"), _HEXAGON),
    "hppa": _gnu("hppa", "hppa-linux-gnu"),
    "i386": _gnu("i386", "i686-linux-gnu"),
    "loongarch64": _gnu("loongarch64", "loongarch64-linux-gnu"),  # from Debian 13 on
    "m68k": _gnu("m68k", "m68k-linux-gnu"),
    "microblaze": Row("microblaze"),
    "microblazeel": Row("microblaze"),
    "mips": _mips("mips-linux-gnu", 4004, 4001),
    "mips64": _mips("mips64-linux-gnuabi64", 5001, 5058),
    "mips64el": _mips("mips64el-linux-gnuabi64", 5001, 5058),
    "mipsel": _mips("mipsel-linux-gnu", 4004, 4001),
    "mipsn32": _mips("mips64-linux-gnuabin32", 6001, 6058),
    "mipsn32el": _mips("mips64el-linux-gnuabin32", 6001, 6058),
    "nios2": Row("nios2"),
    "or1k": _gnu("or1k", "or1k-elf"),
    "ppc": _gnu("ppc", "powerpc-linux-gnu"),
    "ppc64": _gnu("ppc", "powerpc64-linux-gnu", _BITS64),
    "ppc64abi32": _gnu("ppc64abi32", "powerpc-linux-gnu", "-a32", "-mppc64"),
    "ppc64le": _gnu("ppc", "powerpc64le-linux-gnu", _BITS64),
    "riscv32": _gnu(
        "riscv", "riscv64-linux-gnu", "-march=rv32i", "-mabi=ilp32", linker=("-m", "elf32lriscv")
    ),
    "riscv64": _gnu("riscv", "riscv64-linux-gnu", "-march=rv64i", "-mabi=lp64"),
    "s390x": _gnu("s390x", "s390x-linux-gnu"),
    "sh4": _gnu("sh4", "sh4-linux-gnu"),
    # The linker of binutils-sh4-linux-gnu knows little-endian files alone.
    "sh4eb": Row(
        "sh4",
        ("binutils-sh-elf",),
        ("sh-elf-as", "sh-elf-ld"),
        ("-big",),
        ("-EB", "-m", "shelf"),
    ),
    "sparc": _sparc("sparc", "-Av8", "--defsym=TRAP=0x10"),
    "sparc32plus": _sparc("sparc32plus", "-Av8plus"),
    "sparc64": _gnu("sparc", "sparc64-linux-gnu", "--defsym=TRAP=0x6d"),
    "tilegx": Row("tilegx"),
    "x86_64": _gnu("x86_64", "x86_64-linux-gnu"),
    "xtensa": Row(
        "xtensa", ("binutils-xtensa-lx106",), ("xtensa-lx106-elf-as", "xtensa-lx106-elf-ld")
    ),
    "xtensaeb": Row("xtensaeb"),
}

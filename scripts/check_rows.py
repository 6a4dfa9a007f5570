"""How the programs of `trimaran host doctor` are built from probes/checks/.

One compiler of Debian's serves every CPU, so that the same bytes come out anywhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.toolchain import Tools, link

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "src" / "trimaran" / "host" / "programs.json"

_COMPILER = "clang-14"
_COMPILER_PACKAGES = ("clang-14", "libclang-cpp14", "libllvm14")
_FLAGS = (
    *("-std=c11", "-Os", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdinc", "-fno-pic"),
    *("-fno-stack-protector", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables"),
)
# Code and data in one segment: a second one would need a page of padding in the file.
_SCRIPT = """\
PHDRS { image PT_LOAD FILEHDR PHDRS FLAGS(7); }
SECTIONS {
  . = 0x400000 + SIZEOF_HEADERS;
  .text : { *(.text .text.*) } :image
  .data : { *(.rodata .rodata.*) *(.toc .got .got.*) *(.data .data.* .sdata .sdata.*) } :image
  .bss : { *(.bss .bss.* .sbss .sbss.*) } :image
  /DISCARD/ : { *(*) }
}
"""


@dataclass(frozen=True)
class Row:
    """How one CPU's program is built.

    Attributes:
        name: of the CPU, and of the assembly in probes/checks/.
        triplet: of the linker, and the compiler's target.
        flags: of the compiler, such as the oldest CPU that the program is to run on.
    """

    name: str
    triplet: str
    flags: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Debian's packages with the programs."""
        return (*_COMPILER_PACKAGES, f"binutils-{self.triplet.replace('_', '-')}")

    @property
    def programs(self) -> tuple[str, ...]:
        """The compiler and the linker."""
        return _COMPILER, f"{self.triplet}-ld"

    def build(self, tools: Tools) -> bytes:
        """The program; raises what `Tools.run` does."""
        with tempfile.TemporaryDirectory() as scratch:
            objects = []
            for source in (f"{self.name}.S", "checks.c"):
                path = ROOT / "probes" / "checks" / source
                objects.append(Path(scratch, f"{source}.o"))
                target = (f"--target={self.triplet}", *self.flags)
                flags = _FLAGS if source.endswith(".c") else ()
                tools.run(_COMPILER, *target, *flags, "-c", "-o", objects[-1], path)
            quiet = ("--no-warn-rwx-segments",)
            return link(tools, f"{self.triplet}-ld", quiet, objects, _SCRIPT)


_MIPS = ("-mno-abicalls", "-G0")
_ROWS = (
    Row("aarch64", "aarch64-linux-gnu"),
    Row("arm", "arm-linux-gnueabi", ("-march=armv5te", "-marm", "-mfloat-abi=soft")),
    Row("i386", "i686-linux-gnu", ("-march=i686",)),
    Row("mips64el", "mips64el-linux-gnuabi64", ("-march=mips64r2", *_MIPS)),
    Row("mipsel", "mipsel-linux-gnu", ("-march=mips32r2", *_MIPS)),
    Row("ppc64le", "powerpc64le-linux-gnu"),
    Row(
        "riscv64",
        "riscv64-linux-gnu",
        ("-march=rv64imac", "-mabi=lp64", "-mno-relax", "-mcmodel=medany"),
    ),
    Row("s390x", "s390x-linux-gnu", ("-march=z10",)),
    Row("x86_64", "x86_64-linux-gnu"),
)
ROWS: Mapping[str, Row] = {row.name: row for row in _ROWS}

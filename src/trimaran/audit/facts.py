"""What the audit knows of a layer: its entries, and what its programs and databases say."""

from __future__ import annotations

from typing import Literal

import msgspec

from trimaran.elf import ElfFacts

Kind = Literal["file", "folder", "symlink", "link", "other", "removed", "opaque"]
"""As in layer.md: `removed` is a whiteout, `opaque` hides all that lower layers have below it."""


class Levels(msgspec.Struct, frozen=True, array_like=True):
    """What a file needs of its CPU beyond the instruction set's name.

    Attributes:
        arm_architecture: Tag_CPU_arch (Addenda to the ABI for the Arm Architecture, 3.3.5.2); -1 if
            the file does not say.
        arm_hard_float: Tag_ABI_VFP_args asks for VFP registers, or the header's flags do.
        arm_soft_float: the header's flags say that floats go through core registers.
        arm_pie: the dynamic section says that it is a program.
        x86_level: 1 to 4 from GNU_PROPERTY_X86_ISA_1_NEEDED (x86-64 psABI); 0 if not said.
        riscv_extensions: of Tag_RISCV_arch (RISC-V psABI), without versions, in its order.
        go: what a Go program was built for: the value of GOARM, GOAMD64 and so on.
    """

    arm_architecture: int = -1
    arm_hard_float: bool = False
    arm_soft_float: bool = False
    arm_pie: bool = False
    x86_level: int = 0
    riscv_extensions: tuple[str, ...] = ()
    go: str = ""


class Binary(msgspec.Struct, frozen=True, array_like=True):
    """An ELF file. `sha256` is the digest's bytes, by which equal files are found."""

    elf: ElfFacts
    levels: Levels
    sha256: bytes


class Packages(msgspec.Struct, frozen=True, array_like=True):
    """What a package database, or one file of it, says.

    Attributes:
        manager: dpkg, apk or rpm.
        installed: how many packages there are of each architecture; `all` and `noarch` left out.
        declared: architectures that the database is set up for, such as dpkg's foreign ones.
    """

    manager: Literal["dpkg", "apk", "rpm"]
    installed: dict[str, int] = {}
    declared: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a layer.

    Attributes:
        path: below the root, components joined by slashes; empty is the root.
        mode: permission bits.
        target: a symlink's target, or the path of the file that a hard link stands for.
        binary: what an ELF file says.
        interpreter: the words behind `#!` of a script that may be executed.
        packages: what a package database says.
    """

    path: bytes
    kind: Kind
    mode: int = 0
    target: bytes = b""
    binary: Binary | None = None
    interpreter: tuple[bytes, ...] = ()
    packages: Packages | None = None

    @property
    def executable(self) -> bool:
        return bool(self.mode & 0o111)


class LayerFacts(msgspec.Struct, frozen=True, array_like=True):
    """A layer's entries in their order."""

    entries: tuple[Entry, ...]

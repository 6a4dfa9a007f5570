"""Prints the table of CPUs of docs/emulation.md, from the machine table and what was measured.

    python scripts/emulation_table.py

tests/test_emulation_document.py fails where the document has another one.
"""

from __future__ import annotations

from collections.abc import Iterator

from trimaran.machines import MACHINES, Machine

TITLES = ("CPU (QEMU's name)", "platform", "ELF", "e_machine", "Debian's port", "what is known")
_UNTESTED_NAMES = "Debian 12's package has the emulator and no entry for it"
_MIPS = "Debian 12's entry refuses EI_ABIVERSION above 1 (3 and 5 are ABIs of floating point)"
KNOWN: dict[str, str] = {
    "aarch64": "the CPU that QEMU shows by default has every feature that it emulates",
    "aarch64_be": _UNTESTED_NAMES,
    "arm": "v5, v6 and v7 have one handler; the variant's CPU is chosen by QEMU_CPU in builds",
    "cris": "only Debian's QEMU packages ever had an entry",
    "hexagon": "since QEMU 6.0. The CPU is taken from e_flags: files for v68 are refused by 7.2",
    "i386": "amd64 kernels run it natively; nothing is registered there",
    "loongarch64": "since QEMU 7.1",
    "m68k": "68040 or ColdFire by e_flags",
    "microblaze": "binutils writes 0xbd, old files have 0xbaab; QEMU takes both, the entries that"
    " QEMU and Debian distribute match 0xbaab alone, so no new file",
    "microblazeel": "as microblaze",
    "mips": _MIPS,
    "mips64": _MIPS,
    "mips64el": _MIPS,
    "mipsel": _MIPS,
    "mipsn32": _MIPS,
    "mipsn32el": _MIPS,
    "nios2": "QEMU has no entry for it, nor has Debian 12",
    "or1k": _UNTESTED_NAMES,
    "ppc": "the same header as ppc64abi32",
    "ppc64": "ELFv1 and ELFv2 by e_flags; QEMU takes both",
    "ppc64abi32": "32-bit programs on a 64-bit CPU: their header is that of ppc, so only one of"
    " the two can have a handler; both at once are refused, and `--all` means ppc."
    " Not in Debian 11 or later",
    "sparc32plus": "`as -Av8plus` marks files so only if they have v9 instructions",
    "tilegx": "not in Debian 11 or later",
    "x86_64": "on arm64 hosts",
    "xtensaeb": "binutils 2.40 writes little-endian instructions for it, which die of SIGILL",
}


def main() -> None:
    """Print the table."""
    print("\n".join(table()))


def table() -> Iterator[str]:
    """Its lines, as the document has them."""
    yield "| " + " | ".join(TITLES) + " |"
    yield "|" + "---|" * len(TITLES)
    for machine in MACHINES:
        yield "| " + " | ".join(_cells(machine)) + " |"


def _cells(machine: Machine) -> Iterator[str]:
    yield f"`{machine.name}`"
    yield f"`linux/{machine.architecture}`" if machine.architecture else "-"
    order = "big" if machine.big_endian else "little"
    yield f"{machine.elf_class} bit, {order} endian"
    numbers = ", ".join(f"{number:#x}" for number in machine.e_machines)
    mask, value = machine.e_flags
    yield numbers + (f"; e_flags bit {mask:#x} is {'set' if value else 'clear'}" if mask else "")
    yield machine.debian or "-"
    yield "; ".join(filter(None, (_history(machine), KNOWN.get(machine.name, ""))))


def _history(machine: Machine) -> str:
    return f"dropped in QEMU {machine.removed_in_qemu}" if machine.removed_in_qemu else ""


if __name__ == "__main__":
    main()

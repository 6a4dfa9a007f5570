"""The interpreter of a foreign CPU: a copy of its QEMU that first looks for a native stand-in.

The code of native/ becomes one more segment of that copy and its entry point; where it has no
stand-in it jumps to QEMU's own entry, which finds everything as the kernel left it. Formats: gABI
chapter 5 (program header), and how Linux finds AT_PHDR (fs/binfmt_elf.c): in the segment that
holds the table. Handlers of it need the flags P and O, C implies O.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from trimaran.errors import HostError

UNAVAILABLE = "trimaran was installed without its native programs"
HINT = "install a C compiler (Debian: gcc), then trimaran again"

_PROGRAMS = Path(__file__).with_name("native")
_MARKER = b"trimaran-config\0"
_UNAME_BYTES = 64  # __NEW_UTS_LEN
_PATH_BYTES = 4095  # PATH_MAX, without the NUL

_ELF64_LITTLE = b"\x7fELF\x02\x01"
# Of the header: entry, phoff; then phentsize and phnum. A program header: type, flags, offset,
# vaddr, paddr, filesz, memsz, align.
_ENTRY, _COUNTS = 24, 54
_HEADER = struct.Struct("<IIQQQQQQ")
_PT_LOAD, _PT_PHDR = 1, 6
_READ_AND_EXECUTE = 5
_ALIGNMENT = 1 << 16  # the largest page of aarch64
_PAGE = 1 << 12  # aarch64's code finds its data by such pages


def available() -> bool:
    """Whether the package was built with its native programs, which takes a C compiler."""
    return all((_PROGRAMS / name).is_file() for name in ("interpreter", "told.so"))


def write(destination: Path, *, folder_dev: int, folder_ino: int, emulator: Path) -> None:
    """Write the interpreter that serves one control folder.

    Args:
        destination: the new file.
        folder_dev: st_dev of the control folder as containers see it.
        folder_ino: its st_ino; 0 for any folder of that file system, which is the build's own then.
            With another folder at its place, or none, the interpreter is QEMU.
        emulator: a static QEMU for this machine.

    Raises:
        HostError: the package was built without the native programs, or the emulator is no ELF
            file that can be extended.
        OSError: a file cannot be read or written.
    """
    code = _code()
    image = emulator.read_bytes()
    entry, table = _read(image, emulator)
    loads = [row for row in table if row[0] == _PT_LOAD]
    base = loads[0][3] - loads[0][2]
    end = max(vaddr + memsz for _, _, _, vaddr, _, _, memsz, _ in loads)
    # As far from the start in the file as in memory: QEMU's own loader goes by that.
    offset = _aligned(max(end - base, len(image)))
    address = base + offset
    table_size = (len(table) + 1) * _HEADER.size
    ours = address + _aligned(table_size, _PAGE)  # behind the table
    _patch(code, struct.pack("<QQq", folder_dev, folder_ino, entry - ours))
    size = ours - address + len(code)
    rows = [_moved(row, offset, address, table_size) for row in table]
    rows.append((_PT_LOAD, _READ_AND_EXECUTE, offset, address, address, size, size, _ALIGNMENT))
    header = bytearray(image[:64])
    struct.pack_into("<QQ", header, _ENTRY, ours, offset)
    struct.pack_into("<HH", header, _COUNTS, _HEADER.size, len(rows))
    with destination.open("wb") as file:
        file.write(header)
        file.write(memoryview(image)[64:])
        file.seek(offset)
        file.write(b"".join(_HEADER.pack(*row) for row in rows).ljust(ours - address, b"\0"))
        file.write(code)
    destination.chmod(0o755)


def told(uname_machine: str, program: str) -> bytes:
    """The library that, preloaded into a stand-in, tells it the target's machine and its own path.

    Args:
        uname_machine: what uname(2) is to say.
        program: what /proc/self/exe is to be.

    Raises:
        HostError: the package was built without the native programs.
        ValueError: a text is longer than the kernel's own may be, or the machine is not ASCII.
    """
    name, path = uname_machine.encode("ascii"), os.fsencode(program)
    if len(name) > _UNAME_BYTES or len(path) > _PATH_BYTES:
        raise ValueError(f"{uname_machine} {program}")
    library = _program("told.so")
    _patch(library, name.ljust(_UNAME_BYTES + 1, b"\0") + path)
    return bytes(library)


def _code() -> bytearray:
    """What the interpreter's one segment holds: linked for address 0, its entry first."""
    program = _program("interpreter")
    _, rows = _read(program, _PROGRAMS)
    offset, size = next((row[2], row[5]) for row in rows if row[0] == _PT_LOAD)
    return program[offset : offset + size]


def _program(name: str) -> bytearray:
    try:
        return bytearray((_PROGRAMS / name).read_bytes())
    except FileNotFoundError as error:
        raise HostError(UNAVAILABLE, HINT) from error


def _patch(program: bytearray, config: bytes) -> None:
    place = program.index(_MARKER) + len(_MARKER)
    program[place : place + len(config)] = config


def _read(image: bytes | bytearray, path: Path) -> tuple[int, list[tuple[int, ...]]]:
    """The entry and the program headers of an ELF file of this machine's kind."""
    try:
        entry, start = struct.unpack_from("<QQ", image, _ENTRY)
        entry_size, count = struct.unpack_from("<HH", image, _COUNTS)
        table = image[start : start + count * _HEADER.size]
        rows = list(_HEADER.iter_unpack(table))
    except struct.error:
        rows, entry_size = [], 0
    if (
        not image.startswith(_ELF64_LITTLE)
        or entry_size != _HEADER.size
        or not any(row[0] == _PT_LOAD for row in rows)
    ):
        raise HostError(f"{path} is no emulator that native stand-ins can be added to")
    return entry, rows


def _moved(row: tuple[int, ...], offset: int, address: int, size: int) -> tuple[int, ...]:
    """A program header in the new table; musl finds where it is loaded by the table's own."""
    if row[0] != _PT_PHDR:
        return row
    return _PT_PHDR, row[1], offset, address, address, size, size, row[7]


def _aligned(number: int, alignment: int = _ALIGNMENT) -> int:
    return -(-number // alignment) * alignment

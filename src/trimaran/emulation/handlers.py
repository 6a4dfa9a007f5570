"""Entries of binfmt_misc: computed from the machine table, written, read back, judged.

Format and flags: the kernel's Documentation/admin-guide/binfmt-misc.rst. O: the program is handed
over open. C: setuid programs have their rights (implies O). F: the interpreter is opened at
registration, so that it works in every root file system. P: the interpreter learns argv[0].
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from trimaran.errors import HostError
from trimaran.machines import Machine

PREFIX = "trimaran-"
_CONTROL_FILES = ("register", "status")
_E_TYPE = (2, 0xFFFE)  # ET_EXEC and ET_DYN differ in the lowest bit
# e_ident: all must match but the ABI's name and version (bytes 7 and 8), which the C library and
# the compiler set in ways that no emulator minds.
_IDENT_MASK = b"\xff" * 7 + b"\0\0" + b"\xff" * 7
_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")
_FLAGS_OFFSET = {32: 36, 64: 48}


@dataclass(frozen=True, slots=True)
class Handler:
    """An entry: files whose bytes at `offset` equal `magic` under `mask` go to `interpreter`."""

    name: str
    magic: bytes
    mask: bytes
    interpreter: str
    flags: str
    offset: int = 0
    enabled: bool = True

    def line(self) -> str:
        """As the file `register` takes it.

        Raises:
            HostError: the interpreter's name has every character that could separate the fields.
        """
        magic, mask = ("".join(f"\\x{byte:02x}" for byte in part) for part in self._padded())
        # The first character is the separator; the fields' own texts must not contain it.
        separator = next((one for one in ":|;,!" if one not in self.interpreter), "")
        if not separator:
            raise HostError(f"the name of {self.interpreter} is too odd for binfmt_misc")
        fields = (self.name, "M", str(self.offset), magic, mask, self.interpreter, self.flags)
        return separator + separator.join(fields)

    def matches(self, header: bytes) -> bool:
        """Whether a file that begins with `header` goes to this handler."""
        part = header[self.offset : self.offset + len(self.magic)]
        magic, mask = self._padded()
        return len(part) == len(magic) and all(
            (byte ^ wanted) & bits == 0
            for byte, wanted, bits in zip(part, magic, mask, strict=True)
        )

    def mask_applied(self) -> tuple[bytes, bytes]:
        """The magic without the bits that do not count, and the mask."""
        magic, mask = self._padded()
        return bytes(byte & bits for byte, bits in zip(magic, mask, strict=True)), mask

    def _padded(self) -> tuple[bytes, bytes]:
        return self.magic, self.mask or b"\xff" * len(self.magic)


def for_machine(machine: Machine, interpreter: Path, flags: str) -> tuple[Handler, ...]:
    """The entries of a CPU, one for each e_machine that its files may carry."""
    return tuple(
        Handler(
            f"{PREFIX}{machine.name}" + (f"-{number:x}" if index else ""),
            *_magic_and_mask(machine, number),
            str(interpreter),
            flags,
        )
        for index, number in enumerate(machine.e_machines)
    )


def parse_line(text: str) -> Handler | None:
    """An entry as `register` takes it; None for one by extension, or a malformed one."""
    parts = text[1:].split(text[:1]) if text else []
    if len(parts) < len(("name", "type", "offset", "magic", "mask", "interpreter", "flags")):
        return None
    name, kind, offset, magic, mask, interpreter, flags = parts[:7]
    if kind != "M" or (offset and not offset.isdecimal()):
        return None
    return Handler(name, _bytes(magic), _bytes(mask), interpreter, flags, int(offset or 0))


def same(left: Handler, right: Handler) -> bool:
    """Whether two entries do the same for the same files, whatever they are called."""
    return _essence(left) == _essence(right)


def parse(name: str, text: str) -> Handler | None:
    """An entry as binfmt_misc shows it; None for one that goes by a file's extension."""
    lines = text.splitlines()
    fields = {key: value for key, _, value in (line.partition(" ") for line in lines)}
    if "magic" not in fields:
        return None
    return Handler(
        name,
        bytes.fromhex(fields["magic"]),
        bytes.fromhex(fields.get("mask", "")),
        fields.get("interpreter", ""),
        fields.get("flags:", ""),
        int(fields.get("offset", "0")),
        lines[0] == "enabled",
    )


def read_all(folder: Path) -> tuple[Handler, ...]:
    """As `entries`; none if binfmt_misc is not mounted or is off as a whole."""
    try:
        if (folder / "status").read_text(encoding="utf-8").strip() != "enabled":
            return ()
        return entries(folder)
    except OSError:
        return ()


def entries(folder: Path) -> tuple[Handler, ...]:
    """Every entry with a magic in a binfmt_misc folder, the newest first, as the kernel tries them.

    The kernel lists what was added to a folder of its own last first (libfs), and tells the order
    nowhere else.

    Raises:
        OSError: the folder cannot be read.
    """
    names = [name for name in os.listdir(folder) if name not in _CONTROL_FILES]
    found = (_read(folder, name) for name in names)
    return tuple(handler for handler in found if handler)


def register(folder: Path, handler: Handler) -> None:
    """Add an entry to a binfmt_misc folder; the newest that matches a file wins.

    Raises:
        HostError: the kernel refuses it.
    """
    try:
        (folder / "register").write_text(handler.line(), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise HostError(f"cannot register {handler.interpreter} with binfmt_misc: {reason}") from (
            error
        )


def unregister(folder: Path, name: str) -> None:
    """Remove an entry.

    Raises:
        HostError: there is none, or it is another user's.
    """
    try:
        (folder / name).write_text("-1", encoding="utf-8")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise HostError(f"cannot remove {name} from binfmt_misc: {reason}") from error


def fault(handler: Handler, *, interpreter_is_static: bool) -> str:
    """Why a host's handler does not serve builds; empty if it does.

    Args:
        handler: one that matches the CPU's files.
        interpreter_is_static: its interpreter has no PT_INTERP; true if it cannot be looked at.
    """
    if not handler.enabled:
        return f"the handler {handler.name} is disabled"
    if "F" not in handler.flags:
        return f"the handler {handler.name} lacks flag F, so it works outside of images only"
    if not interpreter_is_static:
        return f"the handler {handler.name} has {handler.interpreter}, which is not static"
    return ""


def _read(folder: Path, name: str) -> Handler | None:
    try:
        return parse(name, (folder / name).read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return None  # removed since it was listed


def _bytes(text: str) -> bytes:
    """A magic or mask as people write it: plain characters, and bytes in hex."""
    raw = text.encode(errors="surrogateescape")
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), raw)


def _essence(one: Handler) -> tuple[object, ...]:
    magic, mask = one.mask_applied()
    # The kernel adds O to C by itself.
    flags = frozenset(one.flags) - (frozenset("O") if "C" in one.flags else frozenset())
    return one.offset, magic, mask, one.interpreter, flags, one.enabled


def _magic_and_mask(machine: Machine, e_machine: int) -> tuple[bytes, bytes]:
    order = ">" if machine.big_endian else "<"
    ident = bytes((0x7F, *b"ELF", machine.elf_class // 32, 2 if machine.big_endian else 1, 1))
    kind, kind_mask = _E_TYPE
    magic = ident.ljust(16, b"\0") + struct.pack(f"{order}HH", kind, e_machine)
    mask = _IDENT_MASK + struct.pack(f"{order}HH", kind_mask, 0xFFFF)
    bits, value = machine.e_flags
    if not bits:
        return magic, mask
    # e_version, then entry and tables that may be anything, then e_flags.
    gap = _FLAGS_OFFSET[machine.elf_class] - 24
    return (
        magic + struct.pack(f"{order}I", 1) + bytes(gap) + struct.pack(f"{order}I", value),
        mask + b"\xff" * 4 + bytes(gap) + struct.pack(f"{order}I", bits),
    )

"""ELF files made byte by byte: headers, a loader's name, property notes, attribute sections."""

from __future__ import annotations

import struct

from trimaran import machines
from trimaran.machines import Machine

HARD_FLOAT, SOFT_FLOAT = 0x5000400, 0x5000200
PIE = struct.pack("<4I", 0x6FFFFFFB, 0x08000001, 0, 0)
"""The dynamic section of a 32-bit program that is position-independent: DT_FLAGS_1."""


def row(architecture: str) -> Machine:
    found = machines.by_architecture(architecture)
    assert found is not None
    return found


def elf_file(
    architecture: str,
    *,
    interpreter: str = "",
    note: bytes = b"",
    dynamic: bytes = b"",
    writable: bytes = b"",
    attributes: bytes = b"",
    e_type: int = 2,
    e_flags: int = 0,
    salt: bytes = b"",
    filler_bytes: int = 0,
) -> bytes:
    """A file whose headers say what is asked; it has no code.

    Args:
        architecture: as OCI names it.
        interpreter: what PT_INTERP names.
        note: the bytes of a PT_NOTE segment.
        dynamic: the bytes of PT_DYNAMIC.
        writable: the bytes of a PT_LOAD that may be written.
        attributes: the bytes of an .ARM.attributes or .riscv.attributes section.
        e_type: as the gABI counts them.
        e_flags: of the header.
        salt: makes the file another one.
        filler_bytes: so much code before the sections.
    """
    machine = row(architecture)
    order = ">" if machine.big_endian else "<"
    wide = machine.elf_class == 64
    segments = [(3, interpreter.encode() + b"\0")] if interpreter else []
    segments += [(2, dynamic)] if dynamic else []
    segments += [(1, writable)] if writable else []
    segments += [(4, note)] if note else []
    header_size, program_size, section_size = (64, 56, 64) if wide else (52, 32, 40)
    position = header_size + program_size * len(segments)
    programs, body = b"", b""
    for kind, content in segments:
        at, size, flags = position + len(body), len(content), 6 if kind == 1 else 4
        programs += (
            struct.pack(order + "IIQQQQQQ", kind, flags, at, 0, 0, size, size, 1)
            if wide
            else struct.pack(order + "8I", kind, at, 0, 0, size, size, flags, 1)
        )
        body += content + b"\0" * (-len(content) % 8)
    body += salt + b"\x90" * filler_bytes
    at, body = position + len(body), body + attributes
    sections = b""
    if attributes:
        fields = (0, 0x70000003, 0, 0, at, len(attributes), 0, 0, 1, 0)
        sections = struct.pack(order + ("IIQQQQIIQQ" if wide else "10I"), *fields)
    ident = b"\x7fELF" + bytes((machine.elf_class // 32, 1 + machine.big_endian, 1, 0)) + bytes(8)
    header = struct.pack(
        order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"),
        *(e_type, machine.e_machines[0], 1, 0),
        *(header_size, position + len(body) if sections else 0, e_flags),
        *(header_size, program_size, len(segments), section_size, bool(sections), 0),
    )
    return ident + header + programs + body + sections


def x86_note(level: int, alignment: int = 8) -> bytes:
    """A property note that needs the levels up to `level` (x86-64 psABI)."""
    property_ = struct.pack("<III", 0xC0008002, 4, (1 << level) - 1)
    property_ += b"\0" * (-len(property_) % alignment)
    return struct.pack("<III4s", 4, len(property_), 5, b"GNU\0") + property_


def arm_attributes(architecture: int, *, hard_float: bool = False) -> bytes:
    tags = b"\x05cortex\0" + bytes((6, architecture)) + (bytes((28, 1)) if hard_float else b"")
    return _attributes(b"aeabi", tags)


def riscv_attributes(text: str) -> bytes:
    return _attributes(b"riscv", b"\x04\x10\x05" + text.encode() + b"\0")


def _attributes(vendor: bytes, tags: bytes) -> bytes:
    scope = b"\x01" + struct.pack("<I", 5 + len(tags)) + tags
    section = vendor + b"\0" + scope
    return b"A" + struct.pack("<I", 4 + len(section)) + section


def go_program(architecture: str, setting: str) -> bytes:
    """A program with what Go writes into it, where it would be aligned."""
    start = 64 + 56 if row(architecture).elf_class == 64 else 52 + 32
    information = go_information(architecture, setting)
    return elf_file(architecture, writable=bytes(-start % 16) + information)


def go_information(architecture: str, setting: str) -> bytes:
    """Go 1.19's build information (debug/buildinfo)."""
    machine = row(architecture)
    settings = ("-compiler=gc", '-ldflags="-s -w"', "CGO_ENABLED=0", f"GOARCH={architecture}")
    lines = [f"build\t{each}\n" for each in (*settings, "GOOS=linux", setting)]
    module = "path\tcommand-line-arguments\n" + "".join(lines)
    start = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
    end = bytes.fromhex("f932433186182072008242104116d8f2")
    flags = bytes((machine.elf_class // 8, 2 + machine.big_endian))
    texts = (b"go1.19.8", start + module.encode() + end)
    return b"\xff Go buildinf:" + flags + bytes(16) + b"".join(_varint(t) + t for t in texts)


def _varint(text: bytes) -> bytes:
    size = len(text)
    return bytes((size & 0x7F | 0x80, size >> 7)) if size > 0x7F else bytes((size,))

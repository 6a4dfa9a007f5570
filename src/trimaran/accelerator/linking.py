"""Which links a 64-bit ld does as one of 32 bits would: those whose symbols have small hashes.

ld writes global symbols in the order of a table whose hash, `bfd_hash_hash`, is an unsigned long. A
name of a few hundred characters, as C++ and Rust make them, outgrows 32 bits, and then the symbol
stands at another place.
"""

from __future__ import annotations

import os
import posixpath
import re
import struct
from collections.abc import Iterator, Sequence

from trimaran.accelerator.trees import Identity, Tree

_ELF32 = b"\x7fELF\x01"
_ET_DYN, _SHT_SYMTAB, _ELFDATA2MSB = 3, 2, b"\2"
_ARCHIVE, _THIN, _MEMBER_BYTES = b"!<arch>\n", b"!<thin>\n", 60
_BITCODE, _LTO = b"BC\xc0\xde", b".gnu.lto_"
_OBJECTS = (b"\x7fELF", _BITCODE, _ARCHIVE, _THIN)
_COMPILED_LATE = "has code that is compiled when it is linked"
_LONG_NAMES = "has symbols of long names, in whose order the linker's machine shows"
_NAMED = re.compile(rb"[\w./+-]+\.a\b")
"""What a linker script names and may be an archive."""
_KEPT = 1024
_LONGEST = 4096
"""Bytes of a name, more of which are not looked at: it outgrows whatever it is."""
_STATIC = {"-Bstatic", "-dn", "-non_shared", "-static"}
_DYNAMIC = {"-Bdynamic", "-dy", "-call_shared"}

_known: dict[Identity, str] = {}
"""What was found of files; most are the compiler's own, which every link reads."""


def refusal(tree: Tree, folder: str, arguments: Sequence[str]) -> str:
    """Why a link is to be emulated; empty if its symbols stand in the same order.

    Args:
        tree: the container's root.
        folder: the caller's working directory.
        arguments: of the call, without argv[0].
    """
    folders = [posixpath.join(folder, one[2:]) for one in arguments if one.startswith("-L")]
    static = False
    for argument in arguments:
        static = argument in _STATIC or (static and argument not in _DYNAMIC)
        path = "" if argument.startswith("-") else posixpath.join(folder, argument)
        if argument.startswith("-l"):
            path = _library(tree, folders, argument[2:], static=static)
            if not path:
                return f"{argument} is not found"
        if reason := _of_path(tree, path):
            return f"{posixpath.basename(path)} {reason}"
    return ""


def outgrows(name: bytes) -> bool:
    """Whether a symbol's hash is another one where an unsigned long has 32 bits."""
    if len(name) >= _LONGEST:
        return True
    value = 0
    for character in (*name, len(name)):
        value += character + (character << 17)
        if value >> 32:
            return True
        value ^= value >> 2
    return False


def _library(tree: Tree, folders: Sequence[str], name: str, *, static: bool) -> str:
    """Where ld finds a library: in the first folder that has it, shared if it may be."""
    shared = () if static else (f"lib{name}.so",)
    names = (name[1:],) if name.startswith(":") else (*shared, f"lib{name}.a")
    paths = (posixpath.join(folder, one) for folder in folders for one in names)
    return next((path for path in paths if tree.identity(path)), "")


def _of_path(tree: Tree, path: str) -> str:
    """What is wrong with a file, if anything is; nothing is where there is none."""
    found = tree.identity(path) if path else None
    if found is None:
        return ""
    if found in _known:
        return _known[found]
    content = tree.content(path)
    if not content.startswith(_OBJECTS):
        return _of_script(tree, posixpath.dirname(path), content)
    if len(_known) >= _KEPT:
        _known.clear()
    _known[found] = _of_file(content)
    return _known[found]


def _of_script(tree: Tree, folder: str, content: bytes) -> str:
    """What is wrong with the archives that a linker script names: INPUT(libx.a)."""
    for name in map(os.fsdecode, _NAMED.findall(content)):
        named = tree.content(posixpath.join(folder, name))
        reason = _of_file(named) if named.startswith(_OBJECTS) else "is not found"
        if reason:
            return f"names {posixpath.basename(name)}, which {reason}"
    return ""


def _of_file(content: bytes) -> str:
    if content.startswith(_THIN):
        return "is an archive of names alone"
    try:
        members = _members(content) if content.startswith(_ARCHIVE) else (content,)
        return next(filter(None, map(_of_object, members)), "")
    except (struct.error, IndexError, ValueError):
        return "is damaged"


def _of_object(content: bytes) -> str:
    if content.startswith(_BITCODE):
        return _COMPILED_LATE
    if not content.startswith(_ELF32):
        return ""
    order = ">" if content[5:6] == _ELFDATA2MSB else "<"
    (kind,) = struct.unpack_from(f"{order}H", content, 16)
    if kind == _ET_DYN:
        return ""
    if _LTO in content:
        return _COMPILED_LATE
    return _LONG_NAMES if any(map(outgrows, _global_names(content, order))) else ""


def _global_names(content: bytes, order: str) -> Iterator[bytes]:
    """The names of an object's global symbols (gABI chapter 4), in a byte order of `struct`'s."""
    (start,) = struct.unpack_from(f"{order}I", content, 32)
    size, count = struct.unpack_from(f"{order}HH", content, 46)
    row = struct.Struct(f"{order}4xI8x3I")
    sections = [row.unpack_from(content, start + index * size) for index in range(count)]
    for section, offset, length, link in sections:
        if section != _SHT_SYMTAB:
            continue
        strings = sections[link][1]
        symbols = struct.Struct(f"{order}I8xB3x")
        for name, info in symbols.iter_unpack(content[offset : offset + length]):
            if info >> 4:  # none but local ones is 0
                at = strings + name
                yield content[at : at + _LONGEST].partition(b"\0")[0]


def _members(content: bytes) -> Iterator[bytes]:
    """The files in an archive (ar(5)): each behind a header, at an even place.

    Raises:
        ValueError: a header's size is no number of bytes.
    """
    at = len(_ARCHIVE)
    while at + _MEMBER_BYTES <= len(content):
        size = int(content[at + 48 : at + 58])
        if size < 0:
            raise ValueError(size)
        yield content[at + _MEMBER_BYTES : at + _MEMBER_BYTES + size]
        at += _MEMBER_BYTES + size + size % 2

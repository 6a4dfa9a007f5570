"""What in a program of x86-64 points at an address, and how to turn it to another one."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator

from trimaran.accelerator.programs import EM_X86_64, ET_EXEC, Program

_DT_RELA, _DT_RELASZ, _DT_RELR, _DT_RELRSZ = 7, 8, 36, 35
_R_RELATIVE = 8
_RELA = struct.Struct("<QQq")
_LEA = (0x48, 0x4C), 0x8D, 0xC7, 0x05  # REX.W, opcode, mask and value of a ModRM with [rip+disp32]
_IMMEDIATE = tuple(bytes((one,)) for one in (0x68, 0x3D, *range(0xB8, 0xC0)))
_WITH_REGISTER = (b"\x81",)
_MOV = b"\xc7"
_REACH = 7
"""Opcodes before a number (Intel's manual, volume 2); mov to memory has up to six bytes between."""
_BITS = 63
_WORD = 4
_BLOCK = 1 << 16


class UnpatchableError(Exception):
    """A program in which a text cannot be changed, with the reason."""


class References:
    """Everything in a program that holds or computes an address.

    Args:
        program: of x86-64; of other hosts nothing is known, and every text has no references.

    Raises:
        ValueError: its tables are damaged.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._pointers: dict[int, list[int]] = defaultdict(list)
        self.known = program.machine == EM_X86_64
        self._fixed = program.kind == ET_EXEC
        tags = dict(program.dynamic)
        for at, target in self._relocated(tags):
            self._pointers[target].append(at)

    def to(self, address: int) -> list[int]:
        """The file offsets of all pointers to an address, and of what `lea` reaches it by."""
        if not self.known:
            return []
        code = [at for at, is_lea in self._in_code(address) if is_lea]
        return [*self._pointers.get(address, ()), *code]

    def reach(self, start: int, end: int) -> bool:
        """Whether anything points at one of the addresses from `start` to before `end`."""
        if not self.known:
            return False
        if any(start <= target < end for target in self._pointers):
            return True
        if self._fixed and self._has_number(start, end):
            return True
        return any(is_lea for _, is_lea in self._in_code(start, end))

    def _has_number(self, start: int, end: int) -> bool:
        """Whether a program of fixed addresses has one of them in it as a number."""
        data = self._program.data
        for upper in range(start >> 8, (end - 1 >> 8) + 1):
            needle = struct.pack("<I", upper)[:3]
            at = data.find(needle, 1) - 1
            while at >= 0:
                if start <= upper << 8 | data[at] < end and self._may_be_address(at):
                    return True
                at = data.find(needle, at + 2) - 1
        return False

    def _may_be_address(self, at: int) -> bool:
        """Whether a number is an instruction's, or 64 bits of data of which the upper are zero."""
        if any(one.offset <= at < one.offset + one.file_bytes for one in self._program.code):
            return _is_operand(self._program.data, at)
        return not any(self._program.data[at + _WORD : at + 2 * _WORD])

    def turn(self, data: bytearray, old: int, new: int) -> None:
        """Let all that points at `old` point at `new`, in a copy of the program.

        Raises:
            UnpatchableError: something else uses `old`, or may do so.
        """
        found = list(self._in_code(old))
        if not all(is_lea for _, is_lea in found):
            raise UnpatchableError("its code reads the text in place")
        if self._fixed:
            raise UnpatchableError("its code has the addresses of texts in it")
        for at in self._pointers.get(old, ()):
            struct.pack_into("<q", data, at, new)
        for at, _ in found:
            struct.pack_into("<i", data, at, new - self._program.address_of(at) - 4)

    def _in_code(self, address: int, end: int = 0) -> Iterator[tuple[int, bool]]:
        """What reaches an address, or one before `end`, relative to itself; whether by `lea`."""
        for segment in self._program.code:
            start = segment.offset
            code = self._program.data[start : start + segment.file_bytes]
            first = address - segment.address
            for at in displacements(code, first, max(first + 1, end - segment.address)):
                yield start + at, _is_lea(code, at)

    def _relocated(self, tags: dict[int, int]) -> Iterator[tuple[int, int]]:
        """Where the loader finds each pointer that it moves, and what it points at."""
        data = self._program.data
        if size := tags.get(_DT_RELASZ, 0):
            start = self._program.offset_of(tags[_DT_RELA])
            for at in range(start, start + size - _RELA.size + 1, _RELA.size):
                _, kind, addend = _RELA.unpack_from(data, at)
                if kind & 0xFFFFFFFF == _R_RELATIVE:
                    yield at + 16, addend
        for address in self._packed(tags):
            at = self._program.offset_of(address)
            yield at, struct.unpack_from("<Q", data, at)[0]

    def _packed(self, tags: dict[int, int]) -> Iterator[int]:
        """The addresses in DT_RELR: an even entry is one, an odd one a map of the 63 behind it."""
        size = tags.get(_DT_RELRSZ, 0)
        start = self._program.offset_of(tags[_DT_RELR]) if size else 0
        place = 0
        for (entry,) in struct.iter_unpack("<Q", self._program.data[start : start + size // 8 * 8]):
            if not entry & 1:
                yield entry
                place = entry + 8
                continue
            yield from (place + 8 * bit for bit in range(_BITS) if entry >> (bit + 1) & 1)
            place += 8 * _BITS


def displacements(code: bytes, first: int, end: int) -> Iterator[int]:
    """Offsets of 32 bits that, relative to their own end, reach `first` or what is before `end`.

    Within a block, all of them have one of two or three upper halves, and those are looked for.
    """
    for start in range(0, len(code) - _WORD + 1, _BLOCK):
        last = min(start + _BLOCK, len(code) - _WORD + 1) - 1
        lowest, highest = first - last - _WORD, end - 1 - start - _WORD
        for half in range(lowest >> 16, (highest >> 16) + 1):
            needle = struct.pack("<h", half) if -(1 << 15) <= half < 1 << 15 else b""
            at = code.find(needle, start + 2, last + _WORD) - 2 if needle else -3
            while at >= 0:
                (word,) = struct.unpack_from("<i", code, at)
                if first <= word + at + _WORD < end:
                    yield at
                at = code.find(needle, at + 3, last + _WORD) - 2


def _is_lea(code: bytes, at: int) -> bool:
    prefixes, opcode, mask, value = _LEA
    return code[at - 3] in prefixes and code[at - 2] == opcode and code[at - 1] & mask == value


def _is_operand(code: bytes, at: int) -> bool:
    """Whether an instruction that takes an address as a number may end at `at`: mov, push, cmp."""
    before = code[max(at - _REACH, 0) : at]
    return before[-1:] in _IMMEDIATE or before[-2:-1] in _WITH_REGISTER or _MOV in before

"""Judge entries of binfmt_misc, whoever made them: which one takes a CPU's programs, its faults.

The kernel tries entries newest first and takes the first that is enabled and matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimaran.emulation import find, variants
from trimaran.emulation.handlers import Handler
from trimaran.machines import MACHINES, Machine

_SHOWN = 3
_FIRST_WITH_ARGV0 = (6,)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What an entry's interpreter is, as its file is now.

    Attributes:
        fault: why it cannot be an emulator here; empty if it can.
        gone: there is no such file; with flag F the entry works on until the next boot.
        version: numbers of its version; empty if it says none.
    """

    fault: str = ""
    gone: bool = False
    version: tuple[int, ...] = ()


def look_at(path: str, machine: Machine, host: Machine) -> Interpreter:
    """Read an interpreter's file and ask it for its version."""
    if not Path(path).exists():
        return Interpreter(f"{path} is gone", gone=True)
    fault = find.fault(Path(path), host)
    version = () if fault else find.inspect(Path(path), machine).version
    return Interpreter(fault, version=version)


def winner(entries: Iterable[Handler], header: bytes) -> Handler | None:
    """The entry that a file goes to.

    Args:
        entries: the newest first.
        header: the file's beginning.
    """
    return next((one for one in entries if one.enabled and one.matches(header)), None)


def concerned(entries: Iterable[Handler], machine: Machine) -> tuple[Handler, ...]:
    """The entries that match any file of a CPU, disabled ones included."""
    headers = [variant.header for variant in variants.all_variants(machine)]
    return tuple(one for one in entries if any(one.matches(header) for header in headers))


def faults(
    handler: Handler, machine: Machine, interpreter: Interpreter, host: Machine
) -> tuple[str, ...]:
    """Why an entry does not serve a CPU's programs; none if it does.

    Args:
        handler: one of `concerned`.
        machine: the CPU.
        interpreter: from `look_at`.
        host: the CPU of this machine.
    """
    found = [] if handler.enabled else ["it is disabled"]
    if "F" not in handler.flags:
        found.append("it lacks flag F, so it works outside of containers only")
    if interpreter.fault and not ("F" in handler.flags and interpreter.gone):
        found.append(interpreter.fault)
    if "P" in handler.flags and () < interpreter.version < _FIRST_WITH_ARGV0:
        found.append("it has flag P, which QEMU understands from 6.0")
    return (*found, *_mask_faults(handler, machine, host))


def matches_any(handler: Handler) -> bool:
    """Whether any known CPU's files go to an entry."""
    return any(concerned([handler], machine) for machine in MACHINES)


def shadow(entries: Sequence[Handler], handler: Handler, machine: Machine) -> Handler | None:
    """The newer entry that takes every file of the CPU before `handler` is asked.

    Args:
        entries: the newest first; `handler` is one of them.
        handler: the entry that may be shadowed.
        machine: the CPU.
    """
    newer = [one for one in entries[: entries.index(handler)] if one.enabled]
    headers = [one.header for one in variants.all_variants(machine) if handler.matches(one.header)]
    return next(
        (one for one in newer if headers and all(one.matches(header) for header in headers)), None
    )


def is_for_programs(handler: Handler) -> bool:
    """Whether an entry is about ELF files at all: Java's, Python's and others' are not."""
    return handler.offset == 0 and handler.magic[:4] == b"\x7fELF"


def _mask_faults(handler: Handler, machine: Machine, host: Machine) -> list[str]:
    matched = [one.name for one in MACHINES if _takes(handler, one)]
    allowed = {machine.name, *(twin.name for twin in variants.twins(machine))}
    found = []
    if host.name in matched and host.name != machine.name:
        found.append(f"wrong mask: it takes the programs of this machine's own {host.name}")
    others = [name for name in matched if name not in {*allowed, host.name}]
    if others:
        found.append(f"wrong mask: it takes the programs of {', '.join(others[:_SHOWN])} as well")
    refused = _refused(handler, machine)
    if refused:
        found.append(f"wrong mask: it does not match valid programs ({refused[0]})")
    return found


def _takes(handler: Handler, machine: Machine) -> bool:
    return any(handler.matches(variant.header) for variant in variants.usual_variants(machine))


def _refused(handler: Handler, machine: Machine) -> list[str]:
    """The variants that an entry refuses, under each number of the CPU that it matches at all."""
    refused: list[str] = []
    for number in machine.e_machines:
        kinds = variants.variants(machine, number)
        matched = [one for one in kinds if handler.matches(one.header)]
        if matched and len(matched) < len(kinds):
            refused += [one.label for one in kinds if one not in matched]
    return refused

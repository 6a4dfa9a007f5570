"""Emulators that the user names instead of the ones that are found: `--qemu`.

Each value is a folder of emulators, an emulator whose name tells its CPU, or CPU=FILE. What is
named last wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from trimaran import machines
from trimaran.emulation import find
from trimaran.errors import UsageError
from trimaran.machines import MACHINES, Machine

_NAME = re.compile(r"(?:qemu-)?(?P<cpu>[a-z0-9_]+?)(?:-static|-binfmt|-binfmt-P)?")
_HINT = "write a folder, a file named qemu-CPU or qemu-CPU-static, or CPU=FILE"


def parse(values: Iterable[str], host: Machine) -> dict[str, Path]:
    """Read what `--qemu` was given, into a CPU's name in `machines` and its emulator.

    In a folder the newest usable emulator of a CPU counts; one whose version cannot be read, or
    that is not usable, counts where there is no other, so that its fault is told.

    Args:
        values: in the order given.
        host: the CPU of this machine.

    Raises:
        UsageError: a value names no CPU, or a file or folder that is not there.
    """
    found: dict[str, Path] = {}
    for value in values:
        found.update(_one(value, host))
    return found


def _one(value: str, host: Machine) -> Mapping[str, Path]:
    name, equals, file = value.partition("=")
    if equals and "/" not in name:
        return {_cpu(name, value): _file(file, value)}
    path = Path(value)
    if path.is_dir():
        return _folder(path.absolute(), host)
    match = _NAME.fullmatch(path.name)
    return {_cpu(match["cpu"] if match else path.name, value): _file(value, value)}


def _folder(folder: Path, host: Machine) -> Mapping[str, Path]:
    found = {
        machine.name: path
        for machine in MACHINES
        if (path := _in_folder(machine, host, folder)) is not None
    }
    if not found:
        raise UsageError(f"--qemu {folder}: no emulator is in this folder", _HINT)
    return found


def _in_folder(machine: Machine, host: Machine, folder: Path) -> Path | None:
    named = [path for path in find.candidates(machine, str(folder)) if path.parent == folder]
    usable = [find.inspect(path, machine) for path in named if not find.fault(path, host)]
    if usable:
        return max(usable, key=lambda emulator: emulator.version).path
    return named[0] if named else None


def _cpu(name: str, value: str) -> str:
    row = machines.by_name(name) or machines.by_architecture(name)
    if row is None:
        raise UsageError(f"--qemu {value}: {name!r} is no CPU that QEMU has", _HINT)
    return row.name


def _file(name: str, value: str) -> Path:
    path = Path(name).absolute()
    if not path.is_file():
        raise UsageError(f"--qemu {value}: there is no file {path}", _HINT)
    return path

"""Find QEMU's static user-mode emulators by the names that distributions give them.

Names: `qemu-T-static` (Debian, Fedora, Arch), `qemu-T` (Debian from 13, Alpine; elsewhere it may be
a dynamic one, so the file is read and not its name), `T-binfmt-P` (Debian's links).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from trimaran import elf
from trimaran.emulation.support import Emulator
from trimaran.errors import HostError
from trimaran.linux import process
from trimaran.machines import Machine

_NAMES = ("qemu-{}-static", "qemu-{}")
_LINKS = "/usr/libexec/qemu-binfmt/{}-binfmt-P"
_VERSION = re.compile(rb"version (\d+(?:\.\d+)+)")
_TIMEOUT_S = 10.0


def emulators(machine: Machine, host: Machine, search_path: str) -> tuple[Emulator, ...]:
    """The usable emulators of a CPU, the newest first, and of equals the first found.

    Args:
        machine: the CPU to emulate.
        host: the CPU of this machine.
        search_path: colon-separated folders.
    """
    files = dict.fromkeys(path.resolve() for path in candidates(machine, search_path))
    usable = (inspect(path, machine) for path in files if not fault(path, host))
    found = [emulator for emulator in usable if emulator.version]
    return tuple(sorted(found, key=lambda emulator: emulator.version, reverse=True))


def candidates(machine: Machine, search_path: str) -> Iterator[Path]:
    """Existing files that are named as an emulator of the CPU."""
    folders = [Path(folder) for folder in search_path.split(":") if folder.startswith("/")]
    paths = [folder / name.format(machine.name) for folder in folders for name in _NAMES]
    # Unlike Path.is_file, this takes a folder that may not be searched for one without the file:
    # `su` leaves root's folders on the path of the user that it becomes.
    return (path for path in (*paths, Path(_LINKS.format(machine.name))) if os.path.isfile(path))


def fault(path: Path, host: Machine) -> str:
    """Why a file cannot be an emulator here; empty if it can."""
    try:
        facts = elf.read(path)
    except OSError:
        return f"{path} cannot be read"
    if facts is None:
        return f"{path} is not a program"
    if not elf.fits(facts, host):
        return f"{path} is not made for {host.name}"
    return f"{path} is not static" if facts.interpreter else ""


def inspect(path: Path, machine: Machine) -> Emulator:
    """An emulator with what it says of its version; an empty version if it says nothing."""
    try:
        said = process.run([path, "--version"], check=False, timeout_s=_TIMEOUT_S).stdout
    except HostError:
        said = b""
    return Emulator(path, machine.name, version_of(said))


def version_of(text: bytes) -> tuple[int, ...]:
    """The numbers in what `--version` prints; empty if there are none."""
    match = _VERSION.search(text)
    return tuple(int(number) for number in match[1].split(b".")) if match else ()

"""What a plan is made from: the host's table, its boot, its emulators, and what its probes say.

Gathering changes nothing; it runs emulators for their versions, and probes.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from trimaran.emulation import find, handlers, hints, judge, probes, variants
from trimaran.emulation.handlers import Handler
from trimaran.emulation.judge import Interpreter
from trimaran.emulation.support import Emulator, Missing
from trimaran.errors import HostError
from trimaran.host import boot, record
from trimaran.host.boot import Boot
from trimaran.host.record import Record
from trimaran.linux import distribution, process
from trimaran.machines import Machine

_TABLE = "proc/sys/fs/binfmt_misc"
_ID_MAP = Path("/proc/self/uid_map")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Table:
    """The kernel's table of binary formats.

    Attributes:
        state: `absent` if the kernel has none, `unmounted` if it is not to be seen.
        enabled: entries count at all.
        entries: the newest first.
    """

    folder: Path
    state: Literal["absent", "unmounted", "mounted"]
    enabled: bool = False
    entries: tuple[Handler, ...] = ()

    @property
    def active(self) -> tuple[Handler, ...]:
        """The entries that the kernel asks, the newest first."""
        return self.entries if self.enabled else ()


@dataclass(frozen=True, slots=True)
class Cpu:
    """One CPU's programs on the host.

    Attributes:
        emulator: the one that setup would register.
        fault: why its probe does not run as the host is now; empty if it runs.
    """

    machine: Machine
    emulator: Emulator | Missing
    fault: str

    @property
    def usual(self) -> tuple[bytes, ...]:
        """The headers that its valid programs have."""
        return tuple(variant.header for variant in variants.usual_variants(self.machine))


@dataclass(frozen=True, slots=True)
class HostFacts:
    """All of it.

    Attributes:
        root: the folder that the host's files are below.
        host: the host's own CPU.
        interpreters: what the entries' interpreters are, by path; configured ones included.
        boot_id: of the running kernel.
        chosen: names of the CPUs whose emulator the user named.
    """

    root: Path
    host: Machine
    table: Table
    boot: Boot
    record: Record
    cpus: tuple[Cpu, ...]
    interpreters: Mapping[str, Interpreter]
    boot_id: str
    chosen: frozenset[str] = frozenset()

    def faults(self, entry: Handler, machine: Machine) -> tuple[str, ...]:
        """Why an entry does not serve a CPU."""
        interpreter = self.interpreters.get(entry.interpreter, Interpreter())
        return judge.faults(entry, machine, interpreter, self.host)


def gather(
    root: Path,
    host: Machine,
    rows: Iterable[Machine],
    search_path: str,
    overrides: Mapping[str, Path],
) -> HostFacts:
    """Look at the host.

    Args:
        root: `/`, or another folder in tests; its proc/sys/fs/binfmt_misc is the table.
        host: the host's own CPU.
        rows: the CPUs to look at.
        search_path: where emulators are looked for, beside the system's folders.
        overrides: a CPU's name to the emulator that must be used for it.
    """
    table = read_table(root / _TABLE)
    starts = boot.read(root)
    rows = tuple(rows)
    path = f"{search_path}:{process.SYSTEM_PATH}"
    with probes.scratch() as scratch:
        cpus = tuple(
            Cpu(row, choose(row, host, path, overrides), probes.fault(row, scratch))
            for row in rows
            if row != host
        )
    entries = (*table.entries, *(one.handler for one in starts.configured))
    return HostFacts(
        root,
        host,
        table,
        starts,
        record.load(root),
        cpus,
        _interpreters(entries, [cpu.machine for cpu in cpus], host),
        boot_id(),
        frozenset(overrides),
    )


def read_table(folder: Path) -> Table:
    """The table as it is; an ordinary user may read it too."""
    try:
        status = (folder / "status").read_text(encoding="ascii").strip()
        return Table(folder, "mounted", status == "enabled", handlers.entries(folder))
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            reason = os.strerror(error.errno or 0)
            raise HostError(f"cannot read {folder}: {reason}") from error
    return Table(folder, "unmounted" if folder.is_dir() else "absent")


def choose(
    machine: Machine, host: Machine, search_path: str, overrides: Mapping[str, Path]
) -> Emulator | Missing:
    """The emulator to register: the one that was named, else the newest that root may trust."""
    named = overrides.get(machine.name)
    if named:
        fault = find.fault(named, host) or unsafe(named)
        return Missing(fault) if fault else find.inspect(named, machine)
    faults = []
    for emulator in find.emulators(machine, host, search_path):
        fault = unsafe(emulator.path)
        if not fault:
            return emulator
        faults.append(fault)
    faults += [find.fault(path, host) for path in find.candidates(machine, search_path)]
    reason = next(filter(None, faults), f"no emulator for {machine.name} is installed")
    return Missing(reason, hints.install_emulator(machine, distribution.family()))


def unsafe(path: Path) -> str:
    """Why a file must not become every user's emulator: someone else than root could replace it.

    A folder that all may write is taken if it is sticky: there each removes his own files only. In
    a user namespace the table is its own, and the host's root is nobody: nothing is unsafe there.
    """
    if not _ids_are_the_hosts():
        return ""
    place = path.resolve()
    for part in (place, *place.parents):
        status = part.stat()
        others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        if status.st_uid != 0 or (others and not sticky):
            return f"{part} can be changed by others than root, so {path} cannot be registered"
    return ""


def _ids_are_the_hosts() -> bool:
    """Whether every user id means here what it means on the host (user_namespaces(7))."""
    try:
        return _ID_MAP.read_text(encoding="ascii").split() == ["0", "0", str(2**32 - 1)]
    except OSError:
        return True


def _interpreters(
    entries: Iterable[Handler], rows: Iterable[Machine], host: Machine
) -> Mapping[str, Interpreter]:
    rows = tuple(rows)
    look = cache(judge.look_at)
    return {
        one.interpreter: look(one.interpreter, row, host)
        for one in entries
        for row in rows
        if judge.concerned([one], row)
    }


def boot_id() -> str:
    """The id of the running kernel's boot; empty if it is not to be read."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""

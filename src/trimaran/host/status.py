"""`host status`: for every CPU, how its programs run on the host, and what is wrong with that."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import msgspec

from trimaran.emulation import handlers, judge, variants
from trimaran.emulation.handlers import Handler
from trimaran.emulation.support import Emulator, Missing
from trimaran.host.facts import Cpu, HostFacts
from trimaran.host.setup import is_native, surviving
from trimaran.machines import Machine

State = Literal["native", "handled", "faulty", "missing"]


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of the kernel's table as it concerns one CPU.

    Attributes:
        used: the CPU's programs go to it.
        configured: the files that bring it back at boot.
        survives_reboot: the same interpreter takes the programs after the next boot.
        faults: why it does not serve; an entry that is not used is judged too.
    """

    name: str
    interpreter: str
    flags: str
    enabled: bool
    used: bool
    version: str
    configured: tuple[str, ...]
    survives_reboot: bool
    faults: tuple[str, ...]


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """One CPU.

    Attributes:
        platform: as images name it; empty if they do not.
        cpu: as QEMU names it.
        probe: `ok`, or what happened instead.
        emulator: the installed one that setup would take; empty if there is none.
        reason: why the programs do not run or the state is faulty; empty if all is well.
        hint: what mends it.
    """

    platform: str
    cpu: str
    state: State
    probe: str
    entries: tuple[Entry, ...] = ()
    emulator: str = ""
    emulator_version: str = ""
    reason: str = ""
    hint: str = ""

    @property
    def name(self) -> str:
        return self.platform or self.cpu

    @property
    def used(self) -> Entry | None:
        """The entry that the CPU's programs go to."""
        return next((entry for entry in self.entries if entry.used), None)


class Stray(msgspec.Struct, frozen=True, rename="camel"):
    """An entry for ELF files that no known CPU's files match."""

    name: str
    interpreter: str
    fault: str


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """All of it; `table` is the state of binfmt_misc, `boot` what starts the host."""

    table: Literal["absent", "unmounted", "disabled", "enabled"]
    boot: str
    rows: tuple[Row, ...]
    strays: tuple[Stray, ...] = ()


def make_status(facts: HostFacts, rows: tuple[Machine, ...]) -> Status:
    """Judge the host.

    Args:
        facts: gathered for all of `rows`.
        rows: the CPUs in the order of showing.
    """
    cpus = {cpu.machine: cpu for cpu in facts.cpus}
    shown = tuple(
        _row(cpus[row], facts) if row in cpus else Row(_platform(row), row.name, "native", "ok")
        for row in rows
    )
    state = facts.table.state
    table = state if state != "mounted" else "enabled" if facts.table.enabled else "disabled"
    return Status(table, facts.boot.system, shown, _strays(facts))


def _row(cpu: Cpu, facts: HostFacts) -> Row:
    machine, found = cpu.machine, cpu.emulator
    probe = cpu.fault or "ok"
    row = Row(_platform(machine), machine.name, "native", probe, _entries(cpu, facts))
    if isinstance(found, Emulator):
        row = msgspec.structs.replace(
            row, emulator=str(found.path), emulator_version=_dotted(found.version)
        )
    if is_native(cpu, facts):
        return row
    reason = _reason(row, facts)
    twin = next(variants.twins(machine), None)
    if reason and twin and isinstance(found, Missing):
        # The entry in force is the twin's and cannot serve this one too.
        reason = f"{found.reason}; its programs have the header of {twin.name}'s"
        return msgspec.structs.replace(
            row, state="missing", entries=(), reason=reason, hint=found.hint
        )
    if not reason:
        return msgspec.structs.replace(row, state="handled")
    state: State = "faulty" if any(entry.enabled for entry in row.entries) else "missing"
    hint = found.hint if isinstance(found, Missing) else f"sudo trimaran host setup {row.name}"
    if isinstance(found, Missing) and state == "missing":
        reason = found.reason
    return msgspec.structs.replace(row, state=state, reason=reason, hint=hint)


def _reason(row: Row, facts: HostFacts) -> str:
    """Why a CPU's programs do not run as they should; empty if they do."""
    used = row.used
    if not facts.table.enabled:
        return "binfmt_misc is " + ("off" if facts.table.state == "mounted" else "not mounted")
    if used is None:
        disabled = next((entry.name for entry in row.entries if not entry.enabled), "")
        return f"{disabled} is disabled" if disabled else "no entry takes its programs"
    if used.faults:
        return f"{used.name}: {'; '.join(used.faults)}"
    return "" if row.probe == "ok" else f"{used.name}: {row.probe}"


def _entries(cpu: Cpu, facts: HostFacts) -> tuple[Entry, ...]:
    table = facts.table
    used = judge.winner(table.active, cpu.usual[0])
    survivors = surviving(cpu, facts)
    return tuple(
        _entry(one, cpu.machine, facts, used=one == used, survivors=survivors)
        for one in judge.concerned(table.entries, cpu.machine)
    )


def _entry(
    one: Handler, machine: Machine, facts: HostFacts, *, used: bool, survivors: tuple[Handler, ...]
) -> Entry:
    faults = facts.faults(one, machine)
    newer = judge.shadow(facts.table.entries, one, machine) if one.enabled else None
    if newer:
        faults = (*faults, f"it is shadowed by {newer.name}, which is newer")
    interpreter = facts.interpreters.get(one.interpreter)
    return Entry(
        one.name,
        one.interpreter,
        one.flags,
        one.enabled,
        used,
        _dotted(interpreter.version if interpreter else ()),
        tuple(str(found.path) for found in facts.boot.configured if _is_same(found.handler, one)),
        any(_is_same(survivor, one) for survivor in survivors),
        faults,
    )


def _is_same(configured: Handler, present: Handler) -> bool:
    """Whether a file brings an entry back; one that was switched off comes back switched on."""
    return configured.name == present.name and handlers.same(
        configured, replace(present, enabled=True)
    )


def _strays(facts: HostFacts) -> tuple[Stray, ...]:
    return tuple(
        Stray(one.name, one.interpreter, "wrong mask: it matches no CPU's programs")
        for one in facts.table.entries
        if judge.is_for_programs(one) and not judge.matches_any(one)
    )


def _platform(machine: Machine) -> str:
    return f"linux/{machine.architecture}" if machine.architecture else ""


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))

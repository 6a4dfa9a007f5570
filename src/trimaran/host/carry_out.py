"""Carry plans out: record first, then the kernel's table, then proof by probe, then files.

A CPU whose probe does not run loses the entries that it was given, and gets no file: a host is
never left with an entry that does not work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from trimaran.emulation import probes
from trimaran.errors import HostError, TrimaranError
from trimaran.host import record
from trimaran.host.changes import Change, MountTable, SwitchTable, Unregister, WriteFile
from trimaran.host.facts import HostFacts
from trimaran.host.record import Record
from trimaran.host.setup import CpuPlan, Plan

Tell = Callable[[Change], None]


def set_up(plan: Plan, facts: HostFacts, tell: Tell) -> dict[str, str]:
    """Do what `plan_setup` planned; gives the CPUs that failed, and why.

    Args:
        plan: the plan.
        facts: what it was made from.
        tell: is called after each change that was made.

    Raises:
        HostError: the table cannot be had, or the record or the shared files not be written.
    """
    do(plan.first, tell)
    known = _recorded(plan, facts)
    if known != facts.record:
        WriteFile(record.path_of(facts.root), known.text()).execute()
    failed: dict[str, str] = {}
    with probes.scratch() as scratch:
        for cpu in filter(None, plan.cpus):
            fault = _set_up_one(cpu, facts, scratch, tell)
            if fault:
                failed[cpu.machine.name] = fault
                known = _without(known, cpu)
    if failed:
        WriteFile(record.path_of(facts.root), known.text()).execute()
    if len(failed) < sum(1 for cpu in plan.cpus if cpu):
        do(plan.last, tell)
    return failed


def do(changes: Iterable[Change], tell: Tell) -> None:
    """Make changes in order, up to the first that fails.

    Raises:
        HostError: one fails.
    """
    for change in changes:
        change.execute()
        tell(change)


def _set_up_one(cpu: CpuPlan, facts: HostFacts, scratch: Path, tell: Tell) -> str:
    try:
        do(cpu.register, tell)
        fault = probes.fault(cpu.machine, scratch) if cpu.register else ""
        if not fault:
            do(cpu.persist, tell)
            return ""
    except TrimaranError as error:
        fault = error.message
    for entry in cpu.entries:
        undo = Unregister(facts.table.folder, entry.name, "it does not serve")
        try:
            do([undo], tell)
        except HostError:
            continue  # the one that could not be registered
    return fault


def _recorded(plan: Plan, facts: HostFacts) -> Record:
    """The record with what the plan will do, written before: a killed setup can be taken back."""
    added = {entry.name: entry.line() for cpu in plan.cpus for entry in cpu.entries}
    known = msgspec.structs.replace(facts.record, entries={**facts.record.entries, **added})
    for change in plan.first:
        match change:
            case MountTable():
                known = msgspec.structs.replace(known, mounted_in_boot=facts.boot_id)
            case SwitchTable():
                known = msgspec.structs.replace(known, enabled_in_boot=facts.boot_id)
            case _:
                pass
    return known


def _without(known: Record, cpu: CpuPlan) -> Record:
    names = {entry.name for entry in cpu.entries}
    entries = {name: line for name, line in known.entries.items() if name not in names}
    return msgspec.structs.replace(known, entries=entries)

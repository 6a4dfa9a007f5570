"""Plan `host setup`: from facts to changes, without doing any.

What serves already stays, whoever made it: an entry without faults, that takes every valid file of
the CPU, whose probe runs and that the boot brings back. Else trimaran's own entry is registered; it
is the newest, so it wins over a wrong one of another tool, which is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trimaran.emulation import handlers, judge, variants
from trimaran.emulation.handlers import Handler
from trimaran.emulation.support import Emulator, Missing
from trimaran.errors import HostError
from trimaran.host import persistence
from trimaran.host.changes import Change, MountTable, Register, SwitchTable, Unregister
from trimaran.host.facts import Cpu, HostFacts
from trimaran.machines import Machine

NATIVE = "this machine runs its programs itself"
"""Why nothing is done for such a CPU."""

_FIRST_WITH_ARGV0 = (6,)


@dataclass(frozen=True, slots=True)
class Wish:
    """How entries are to be.

    Attributes:
        credentials: setuid programs get their rights.
        persist: they come back at boot.
    """

    credentials: bool = False
    persist: bool = True


@dataclass(frozen=True, slots=True)
class CpuPlan:
    """What to do for one CPU; `kept` says why there is nothing to do.

    Attributes:
        register: changes of the kernel's table, in order, to be proven by the probe.
        persist: changes of files, once the probe ran.
        entries: what will be registered.
    """

    machine: Machine
    register: tuple[Change, ...] = ()
    persist: tuple[Change, ...] = ()
    entries: tuple[Handler, ...] = ()
    kept: str = ""

    def __bool__(self) -> bool:
        return bool(self.register or self.persist)


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order of doing: `first`, each CPU's, `last`.

    Attributes:
        missing: the CPUs that have no emulator, and why.
        warnings: what the user should know though it is done.
    """

    first: tuple[Change, ...] = ()
    cpus: tuple[CpuPlan, ...] = ()
    last: tuple[Change, ...] = ()
    missing: dict[str, Missing] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def changes(self) -> Iterator[Change]:
        """Every change."""
        yield from self.first
        for cpu in self.cpus:
            yield from cpu.register
            yield from cpu.persist
        yield from self.last


def plan_setup(facts: HostFacts, wish: Wish) -> Plan:
    """What must change for the CPUs in `facts` to run, all of it shown and nothing done.

    Raises:
        HostError: the kernel has no binfmt_misc.
    """
    first = _table_changes(facts)
    plans = [_cpu_plan(cpu, facts, wish) for cpu in facts.cpus]
    missing = {
        cpu.machine.name: cpu.emulator
        for cpu, plan in zip(facts.cpus, plans, strict=True)
        if plan is None and isinstance(cpu.emulator, Missing)
    }
    cpus = tuple(plan for plan in plans if plan is not None)
    last, warnings = _common(facts, wish, cpus)
    needed = any(plan.register for plan in cpus) or any(not plan.kept for plan in cpus)
    return Plan(first if needed else (), cpus, last, missing, warnings)


def flags(version: tuple[int, ...], *, credentials: bool) -> str:
    """The flags of a host's entry.

    F, so that it works in containers; P where QEMU understands it; C only on request: with it a
    setuid program runs as its owner inside the emulator, whose faults are then in reach of all.
    """
    argv0 = "P" if version >= _FIRST_WITH_ARGV0 else ""
    return f"{argv0}{'C' if credentials else ''}F"


def own_entries(machine: Machine, emulator: Emulator, wish: Wish) -> tuple[Handler, ...]:
    """The entries that setup gives a CPU."""
    shown = flags(emulator.version, credentials=wish.credentials)
    return handlers.for_machine(machine, emulator.path, shown)


def serving(cpu: Cpu, facts: HostFacts) -> tuple[Handler, ...]:
    """The entries that all valid programs of a CPU go to now; none if some go to no sound one."""
    return _sound(facts.table.active, cpu, facts)


def surviving(cpu: Cpu, facts: HostFacts) -> tuple[Handler, ...]:
    """The same after the next boot, by the host's files."""
    if facts.boot.obstacle:
        return ()
    newest_first = tuple(one.handler for one in reversed(facts.boot.configured))
    return _sound(newest_first, cpu, facts)


def is_native(cpu: Cpu, facts: HostFacts) -> bool:
    """Whether the kernel runs the CPU's programs itself, as 386 on amd64."""
    found = (judge.winner(facts.table.active, header) for header in cpu.usual)
    return not cpu.fault and not any(found)


def _sound(entries: tuple[Handler, ...], cpu: Cpu, facts: HostFacts) -> tuple[Handler, ...]:
    winners = [judge.winner(entries, header) for header in cpu.usual]
    found = [one for one in winners if one is not None]
    if len(found) < len(winners) or any(facts.faults(one, cpu.machine) for one in found):
        return ()
    return tuple(dict.fromkeys(found))


def _table_changes(facts: HostFacts) -> tuple[Change, ...]:
    table = facts.table
    match table.state:
        case "absent":
            raise HostError(
                f"the kernel has no binfmt_misc: {table.folder} is not there",
                "sudo modprobe binfmt_misc, or a kernel with CONFIG_BINFMT_MISC",
            )
        case "unmounted":
            return (MountTable(table.folder),)
        case _:
            return () if table.enabled else (SwitchTable(table.folder, on=True),)


def _cpu_plan(cpu: Cpu, facts: HostFacts, wish: Wish) -> CpuPlan | None:
    """None if the CPU has no emulator and needs one."""
    if is_native(cpu, facts):
        return CpuPlan(cpu.machine, kept=NATIVE)
    own = {name: one for one in facts.table.entries if (name := one.name) in _own_names(cpu)}
    serves = serving(cpu, facts) if not cpu.fault else ()
    if serves and not own and _foreign_is_enough(cpu, serves, facts, wish):
        names = ", ".join(one.name for one in serves)
        return CpuPlan(cpu.machine, kept=f"{names} serves it already")
    if isinstance(cpu.emulator, Missing):
        return None
    wanted = own_entries(cpu.machine, cpu.emulator, wish)
    registered = bool(serves) and _are_registered(wanted, facts)
    register = () if registered else tuple(_registration(wanted, own, facts))
    persist = _persistence(cpu, wanted, facts) if wish.persist else ()
    kept = "" if register or persist else f"{wanted[0].name} serves it already"
    return CpuPlan(cpu.machine, register, persist, wanted if register else (), kept)


def _own_names(cpu: Cpu) -> set[str]:
    return {one.name for one in handlers.for_machine(cpu.machine, Path("/"), "")}


def _foreign_is_enough(cpu: Cpu, serves: tuple[Handler, ...], facts: HostFacts, wish: Wish) -> bool:
    if cpu.machine.name in facts.chosen:
        return False
    if wish.credentials and not all("C" in one.flags for one in serves):
        return False
    return not wish.persist or bool(facts.boot.obstacle) or bool(surviving(cpu, facts))


def _are_registered(wanted: tuple[Handler, ...], facts: HostFacts) -> bool:
    """Whether the programs go to just these entries."""
    by_name = {one.name: one for one in facts.table.active}
    return all(
        one.name in by_name
        and handlers.same(one, by_name[one.name])
        and judge.winner(facts.table.active, one.magic.ljust(64, b"\0")) == by_name[one.name]
        for one in wanted
    )


def _registration(
    wanted: tuple[Handler, ...], own: dict[str, Handler], facts: HostFacts
) -> Iterator[Change]:
    folder = facts.table.folder
    for one in wanted:
        if one.name in own:
            yield Unregister(folder, one.name, _difference(own[one.name], one))
    for one in wanted:
        yield Register(folder, one)


def _difference(present: Handler, wanted: Handler) -> str:
    if not present.enabled:
        return "it is disabled"
    if present.interpreter != wanted.interpreter:
        return f"it has {present.interpreter}"
    if present.mask_applied() != wanted.mask_applied() or present.offset != wanted.offset:
        return "its magic or mask is wrong"
    if set(present.flags) - {"O"} != set(wanted.flags):
        return f"it has the flags {present.flags or 'none'}"
    return "it must be the newest"


def _persistence(cpu: Cpu, wanted: tuple[Handler, ...], facts: HostFacts) -> tuple[Change, ...]:
    if facts.boot.obstacle:
        return ()
    file = persistence.machine_file(facts.root, facts.boot.system, cpu.machine, wanted)
    return persistence.missing([file])


def _common(
    facts: HostFacts, wish: Wish, cpus: tuple[CpuPlan, ...]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The files that all CPUs' share, where one has a file; and the warning where none can."""
    if not wish.persist or not cpus:
        return (), ()
    if facts.boot.obstacle:
        warning = f"{facts.boot.obstacle}, so entries are gone after a reboot"
        return (), (warning,) if any(plan.register for plan in cpus) else ()
    if not persistence.machine_files(facts.root) and not any(plan.persist for plan in cpus):
        return (), ()
    common = persistence.missing(persistence.common_files(facts.root, facts.boot))
    return common, tuple(_late(facts, cpus))


def _late(facts: HostFacts, cpus: tuple[CpuPlan, ...]) -> Iterator[str]:
    """Warn of wrong entries that the boot registers after trimaran's own, so that they win."""
    for one in facts.boot.configured:
        for plan in cpus:
            concerned = one.late and judge.concerned([one.handler], plan.machine)
            found = facts.faults(one.handler, plan.machine) if concerned else ()
            if found:
                name = one.handler.name
                yield (
                    f"at boot binfmt-support registers {name} after trimaran's entries, and"
                    f" {'; '.join(found)}; this ends it: sudo update-binfmts --disable {name}"
                )


def without_twins(
    rows: Sequence[Machine], entries: Iterable[Handler], *, named: bool
) -> tuple[Machine, ...]:
    """Leave one of two CPUs whose programs no handler can tell apart: ppc and ppc64abi32.

    Args:
        rows: the CPUs to set up.
        entries: of the kernel's table; a twin that has its own one there stays.
        named: the user named the CPUs, so that leaving one out would not do.

    Raises:
        HostError: two that are named cannot be had together.
    """
    present = {one.name for one in entries}
    left: list[Machine] = []
    for row in rows:
        twins = tuple(variants.twins(row))
        rival = next((one for one in twins if one in left or _has_own(one, present)), None)
        if rival and named:
            raise HostError(
                f"{row.name} and {rival.name} have the same ELF header, so one handler would take"
                " the programs of both",
                f"name one of them, or first: sudo trimaran host remove {rival.name}",
            )
        if not rival:
            left.append(row)
    return tuple(left)


def _has_own(machine: Machine, present: Collection[str]) -> bool:
    return any(one.name in present for one in handlers.for_machine(machine, Path("/"), ""))

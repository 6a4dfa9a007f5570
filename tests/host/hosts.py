"""Facts of hosts that are not there: the input of plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trimaran import machines
from trimaran.emulation import handlers
from trimaran.emulation.handlers import Handler
from trimaran.emulation.judge import Interpreter
from trimaran.emulation.support import Emulator, Missing
from trimaran.host.boot import Boot, Configured
from trimaran.host.facts import Cpu, HostFacts, Table
from trimaran.host.record import Record
from trimaran.machines import Machine

QEMU = "/usr/bin/qemu-{}-static"
NOT_RUN = "the kernel did not start its probe"


def row(name: str) -> Machine:
    found = machines.by_name(name)
    assert found is not None
    return found


def entry(name: str, flags: str = "PF", called: str = "", **change: object) -> Handler:
    made = handlers.for_machine(row(name), Path(QEMU.format(name)), flags)[0]
    return replace(made, name=called or made.name, **change)  # type: ignore[arg-type]


def table(*entries: Handler, enabled: bool = True, mounted: bool = True) -> Table:
    folder = Path("/proc/sys/fs/binfmt_misc")
    if not mounted:
        return Table(folder, "unmounted")
    return Table(folder, "mounted", enabled, entries)


def cpu(
    name: str, *, runs: bool = False, version: tuple[int, ...] = (7, 2), missing: str = ""
) -> Cpu:
    emulator = Emulator(Path(QEMU.format(name)), name, version)
    found = Missing(missing, "install it") if missing else emulator
    return Cpu(row(name), found, "" if runs else NOT_RUN)


def facts(
    root: Path,
    cpus: Sequence[Cpu],
    *,
    host: str = "x86_64",
    at: Table | None = None,
    boot: Boot | None = None,
    known: Record | None = None,
    interpreters: Mapping[str, Interpreter] | None = None,
    chosen: frozenset[str] = frozenset(),
) -> HostFacts:
    return HostFacts(
        root,
        row(host),
        at or table(),
        boot or Boot("systemd"),
        known or Record(),
        tuple(cpus),
        interpreters or {},
        "boot-1",
        chosen,
    )


def systemd(*configured: Handler) -> Boot:
    files = (Configured(Path(f"/etc/binfmt.d/{one.name}.conf"), one) for one in configured)
    return Boot("systemd", configured=tuple(files))

"""`host doctor`: find out by doing what works on this machine, and what each failure breaks.

The host is looked at first; then this process enters the namespaces that builds run in, for good,
and tries there what builds do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from trimaran import machines
from trimaran.emulation import judge, probes
from trimaran.emulation.prepare import prepare
from trimaran.emulation.support import Emulated, Missing, Native, Support
from trimaran.host import facts, machine_checks, private_checks, trials
from trimaran.host.checks import Check, not_checked
from trimaran.host.facts import Table
from trimaran.host.trials import Lab
from trimaran.linux import namespaces
from trimaran.machines import Machine
from trimaran.platforms import Platform
from trimaran.store.store import Store


class PlatformReport(msgspec.Struct, frozen=True, rename="camel"):
    """One platform.

    Attributes:
        runs: how its programs run in builds.
        emulator: its path; empty if it has none.
        version: of the emulator; empty if it is not known.
        reason: why its programs do not run; empty if they do.
        hint: what mends that.
    """

    platform: str
    runs: str
    emulator: str = ""
    version: str = ""
    reason: str = ""
    hint: str = ""
    checks: tuple[Check, ...] = ()


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """All that was found; `ok` if everything works that was asked for."""

    ok: bool
    machine: tuple[Check, ...]
    platforms: tuple[PlatformReport, ...]


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined.

    Attributes:
        root: the folder that the host's files are below.
        store: where images are kept.
        runtime: the OCI runtime's name or path.
        emulators: a CPU's name to the emulator that the user named for it.
    """

    root: Path
    store: Path
    search_path: str
    runtime: str
    emulators: Mapping[str, Path]


def examine(patient: Patient, asked: Sequence[Platform]) -> Report:
    """Make every check. To be called before this process has threads.

    Args:
        patient: the machine.
        asked: normalised; these must work. Without any, every platform that has an emulator must.

    Raises:
        LookupError: the machine table has no row for this machine's own CPU.
        StoreError: the store cannot be opened.
    """
    wanted = tuple(asked) or usual_platforms()
    rows = {platform: row for platform in wanted if (row := platform.machine)}
    table = facts.read_table(patient.root / "proc/sys/fs/binfmt_misc")
    on_host = _tried_on_host(table, dict.fromkeys(rows.values()))
    checks = [*_of_host(patient, table), machine_checks.of_namespaces()]
    with (
        Store.open(patient.store) as store,
        store.use(),
        store.new_snapshot("host-doctor") as pending,
    ):
        folder = pending.work.parent
        checks += _private_checks(patient, folder)
        supports = _supports(patient, wanted)
        reports = [
            _report(platform, supports[platform], folder, on_host.get(row))
            for platform, row in rows.items()
        ]
    shown = tuple(one for one in reports if asked or one.runs != "no")
    return Report(_is_well(checks, shown), tuple(checks), shown)


def usual_platforms() -> tuple[Platform, ...]:
    """Every platform that images have a name for, one for each CPU."""
    named = (row.architecture for row in machines.MACHINES if row.architecture)
    return tuple(Platform("linux", name).normalised() for name in named)


def report(platform: Platform, support: Support) -> PlatformReport:
    """How a platform's programs run, without checks."""
    match support:
        case Native():
            return PlatformReport(str(platform), "native")
        case Emulated(emulator=emulator):
            version = ".".join(map(str, emulator.version))
            return PlatformReport(str(platform), "emulated", str(emulator.path), version)
        case Missing(reason=reason, hint=hint):
            return PlatformReport(str(platform), "no", reason=reason, hint=hint)


def _of_host(patient: Patient, table: Table) -> list[Check]:
    return [
        *machine_checks.of_facts(namespaces.gather()),
        machine_checks.of_disk(patient.store),
        machine_checks.of_table(table),
        machine_checks.of_stand_ins(),
        private_checks.of_cgroups(),
    ]


def _tried_on_host(table: Table, rows: Iterable[Machine]) -> dict[Machine, tuple[Check, ...]]:
    """What the host runs outside of builds; a CPU that nothing was set up for is no failure."""
    with probes.scratch() as folder:
        return {
            row: _tried(
                row,
                Lab(
                    folder,
                    "host",
                    row.architecture,
                    expected=judge.winner(table.active, probes.program(row)) is not None,
                ),
            )
            for row in rows
        }


def _private_checks(patient: Patient, folder: Path) -> list[Check]:
    if not namespaces.entered():
        names = ("binfmt_misc", "overlay", "container")
        return [not_checked(name, "private", "the namespaces cannot be entered") for name in names]
    laid, started = folder / "laid", folder / "started"
    laid.mkdir()
    started.mkdir()
    return [
        private_checks.of_table(),
        private_checks.of_overlay(laid),
        *private_checks.of_runtime(started, patient.search_path, patient.runtime),
    ]


def _supports(patient: Patient, wanted: Sequence[Platform]) -> Mapping[Platform, Support]:
    if namespaces.entered():
        return prepare(wanted, patient.search_path, overrides=patient.emulators)
    return dict.fromkeys(wanted, Missing("builds need namespaces, which cannot be entered"))


def _report(
    platform: Platform, support: Support, folder: Path, on_host: tuple[Check, ...] | None
) -> PlatformReport:
    found = report(platform, support)
    row = platform.machine
    if row is None or isinstance(support, Missing) or not namespaces.entered():
        return msgspec.structs.replace(found, checks=on_host or ())
    place = folder / platform.slug
    place.mkdir()
    checks = _tried(row, Lab(place, "private", str(platform)))
    return msgspec.structs.replace(found, checks=(*checks, *(on_host or ())))


def _tried(row: Machine, lab: Lab) -> tuple[Check, ...]:
    first = trials.static(row, lab)
    if first.state == "ok":
        return (first, *trials.run_all(row, lab))
    return (first,)


def _is_well(checks: Iterable[Check], reports: Iterable[PlatformReport]) -> bool:
    reports = tuple(reports)
    every = (*checks, *(check for one in reports for check in one.checks))
    return all(one.state != "failed" for one in every) and all(one.runs != "no" for one in reports)

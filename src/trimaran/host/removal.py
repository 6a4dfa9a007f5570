"""Plan `host remove`: what setup added, and nothing that another put in its place since."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import msgspec

from trimaran.emulation import handlers
from trimaran.emulation.handlers import Handler
from trimaran.host import persistence, record
from trimaran.host.boot import System, file_of
from trimaran.host.changes import (
    Change,
    RemoveFile,
    SwitchTable,
    UnmountTable,
    Unregister,
    WriteFile,
)
from trimaran.host.facts import Table
from trimaran.host.record import Record
from trimaran.machines import Machine


@dataclass(frozen=True, slots=True)
class Removal:
    """Changes in the order of doing, and what is left alone, with the reason."""

    changes: tuple[Change, ...]
    left: tuple[str, ...] = ()


def plan_remove(
    root: Path, table: Table, known: Record, boot_id: str, rows: Collection[Machine]
) -> Removal:
    """What must change so that nothing is left of what setup did for some CPUs.

    Args:
        root: the folder that the host's files are below.
        table: the kernel's table.
        known: the record of what setup did.
        boot_id: of the running kernel.
        rows: the CPUs; all of the table for everything.
    """
    lines = {**_configured(root), **known.entries}
    names = {
        one.name for row in rows for one in handlers.for_machine(row, Path("/"), "")
    } & lines.keys()
    present = {one.name: one for one in table.entries if one.name in names}
    own = {name for name, one in present.items() if _is_own(one, lines[name])}
    unregister = [Unregister(table.folder, name, "added by setup") for name in sorted(own)]
    files = _files(root, rows)
    rest = msgspec.structs.replace(
        known, entries={name: line for name, line in known.entries.items() if name not in names}
    )
    changes: list[Change] = [*unregister]
    changes += [
        RemoveFile(path, own_folder=path.parent.name.startswith("trimaran")) for path in files
    ]
    changes += persistence.removal(root, files)
    if not rest.entries:
        changes += _table_changes(table, known, boot_id, own)
        rest = Record()
    strangers = sorted(set(present) - own)
    left = tuple(f"{name} is another entry than the one that setup added" for name in strangers)
    return Removal((*changes, *_record_changes(root, known, rest)), left)


def _configured(root: Path) -> dict[str, str]:
    """What setup's files register at boot: with the record gone, these entries are its own too."""
    lines = (
        line for path in persistence.machine_files(root) for line in path.read_text().splitlines()
    )
    found = ((line, handlers.parse_line(line)) for line in lines if not line.startswith("#"))
    return {one.name: line for line, one in found if one}


def _is_own(one: Handler, line: str) -> bool:
    """Whether an entry is what setup registered; switched off by hand it still is."""
    wanted = handlers.parse_line(line)
    return wanted is not None and handlers.same(replace(one, enabled=True), wanted)


def _files(root: Path, rows: Collection[Machine]) -> tuple[Path, ...]:
    """The CPUs' marked files, under every system: the host may have changed its init since."""
    wanted = {file_of(root, system, row) for row in rows for system in get_args(System)}
    return tuple(path for path in persistence.machine_files(root) if path in wanted)


def _table_changes(
    table: Table, known: Record, boot_id: str, own: Collection[str]
) -> Iterator[Change]:
    """Switch off and unmount what setup switched on and mounted, if no one else uses it since."""
    if table.state != "mounted" or not boot_id or {one.name for one in table.entries} - set(own):
        return
    if known.enabled_in_boot == boot_id:
        yield SwitchTable(table.folder, on=False)
    if known.mounted_in_boot == boot_id:
        yield UnmountTable(table.folder)


def _record_changes(root: Path, known: Record, rest: Record) -> tuple[Change, ...]:
    path = record.path_of(root)
    if rest:
        return (WriteFile(path, rest.text()),) if rest != known else ()
    return (RemoveFile(path, own_folder=True),) if path.exists() else ()

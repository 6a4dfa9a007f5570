"""How `du` and `prune` show what the store holds: in buildx's columns and fields."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from trimaran.store.units import Unit
from trimaran.ui import words
from trimaran.ui.tables import plain_table

_F = TypeVar("_F", bound=Callable[..., Any])

_DIGITS = re.compile(r"([0-9a-f]{12})[0-9a-f]{52,}")
_TITLES = ("ID", "RECLAIMABLE", "SIZE", "LAST ACCESSED")


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    """One unit as JSON, under buildx's names."""

    id: str = msgspec.field(name="ID")
    type: str
    description: str
    platform: str
    parents: tuple[str, ...]
    size_bytes: int
    last_used_at: str
    in_use: bool
    mutable: bool
    shared: bool
    reclaimable: bool


def options(function: _F) -> _F:
    """Add --all, --filter, --verbose and --json."""
    added = (
        click.option("-a", "--all", "everything", is_flag=True, help="The store's own notes, too"),
        click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Only these"),
        click.option("--verbose", is_flag=True, help="Tell more of each"),
        click.option("--json", "as_json", is_flag=True, help="Print JSON"),
    )
    for option in reversed(added):
        function = option(function)
    return function


def show(units: Sequence[Unit], *, verbose: bool, as_json: bool) -> None:
    """Print units, that used last first."""
    shown = sorted(units, key=lambda unit: -unit.used_s)
    if as_json:
        click.echo(msgspec.json.encode([_row(unit) for unit in shown]).decode())
    elif verbose:
        for unit in shown:
            click.echo(_block(unit))
    elif shown:
        click.echo(plain_table(_TITLES, [_cells(unit) for unit in shown], (2,)), nl=False)


def show_totals(totals: Iterable[tuple[str, int]]) -> None:
    """Print sums, each with its title."""
    for title, total in totals:
        click.echo(f"{title + ':':<16}{words.size(total)}")


def _cells(unit: Unit) -> tuple[str, ...]:
    mark = "*" if _is_mutable(unit) else ""
    return (_short(unit) + mark, _truth(unit.reclaimable), words.size(unit.size_bytes), _age(unit))


def _block(unit: Unit) -> str:
    about = unit.about
    fields = (
        ("ID", unit.id),
        ("Parents", ", ".join(_parents(unit))),
        ("Mutable", _truth(_is_mutable(unit))),
        ("Reclaimable", _truth(unit.reclaimable)),
        ("Shared", _truth(unit.shared)),
        ("Size", words.size(unit.size_bytes)),
        ("Description", words.one_line(about.text)),
        ("Platform", about.platform),
        ("Last used", _age(unit)),
        ("Type", unit.type),
    )
    return "".join(f"{title + ':':<16}{value}\n" for title, value in fields if value)


def _row(unit: Unit) -> _Row:
    used = dt.datetime.fromtimestamp(unit.used_s, dt.UTC).isoformat()
    return _Row(
        unit.id,
        unit.type,
        unit.about.text,
        unit.about.platform,
        _parents(unit),
        unit.size_bytes,
        used.replace("+00:00", "Z"),
        unit.in_use,
        _is_mutable(unit),
        unit.shared,
        unit.reclaimable,
    )


def _parents(unit: Unit) -> tuple[str, ...]:
    return (*((unit.about.base,) if unit.about.base else ()), *unit.about.sources)


def _is_mutable(unit: Unit) -> bool:
    return unit.type == "exec.cachemount"


def _short(unit: Unit) -> str:
    """The beginning of the id, with 12 digits of a digest."""
    return _DIGITS.sub(r"\1", unit.id)


def _age(unit: Unit) -> str:
    return f"{words.duration(max(0.0, time.time() - unit.used_s))} ago"


def _truth(value: bool) -> str:
    return "true" if value else "false"

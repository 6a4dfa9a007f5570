"""`trimaran prune`: what makes builds fast goes, all of it or what was not used; images stay."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from trimaran.cli import cache_filters, cache_tables
from trimaran.cli.session import Session
from trimaran.linux import namespaces
from trimaran.store import files
from trimaran.store.units import Unit


class _Amounts(msgspec.Struct, frozen=True):
    """How much may stay, in bytes; 0 sets nothing."""

    reserved: int
    max_used: int
    min_free: int

    def excess(self, units: Sequence[Unit], free: int) -> float:
        """How much must go; everything if nothing is set."""
        if not (self.reserved or self.max_used or self.min_free):
            return float("inf")
        total = sum(unit.size_bytes for unit in units if not unit.shared)
        return total - cache_filters.kept_bytes(
            total, free, reserved=self.reserved, max_used=self.max_used, min_free=self.min_free
        )


@click.command("prune")
@cache_tables.options
@click.option("--max-used-space", default="", metavar="SIZE", help="At most so much stays")
@click.option(
    "--reserved-space", "--keep-storage", default="", metavar="SIZE", help="So much always stays"
)
@click.option("--min-free-space", default="", metavar="SIZE", help="Free on the disk afterwards")
@click.option("-f", "--force", is_flag=True, help="Accepted: nothing is asked")
@click.pass_obj
def command(
    session: Session,
    /,
    everything: bool,
    filters: tuple[str, ...],
    verbose: bool,
    as_json: bool,
    max_used_space: str,
    reserved_space: str,
    min_free_space: str,
    force: bool,
) -> None:
    """Remove what makes builds fast but no image needs, that used longest ago first.

    That is what steps made, unpacked layers, cache mounts, content of images without a name and
    downloads that were cut short. Images that have a name stay, and so does what a running command
    uses. Steps run again, and layers are unpacked again, when needed.

    Filters: until=24h (not used for so long), type=, id=, description=, inuse=, mutable=, shared=;
    also with != and ~=. With a SIZE, as 10gb, only what is above it goes.
    """
    del force
    wanted = cache_filters.read(filters)
    amounts = _Amounts(
        cache_filters.size_bytes("--reserved-space", reserved_space),
        cache_filters.size_bytes("--max-used-space", max_used_space),
        cache_filters.size_bytes("--min-free-space", min_free_space),
    )
    namespaces.enter()  # what steps made belongs to the ids of the namespace
    store = session.store
    listed = store.collector.listed()
    excess = amounts.excess(listed, files.free_bytes(store.root))
    removed = list(
        store.collector.collect(
            listed, lambda unit: (everything or unit.type != "internal") and wanted(unit), excess
        )
    )
    cache_tables.show(removed, verbose=verbose, as_json=as_json)
    if not as_json:
        cache_tables.show_totals((("Total", sum(unit.size_bytes for unit in removed)),))

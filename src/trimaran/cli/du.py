"""`trimaran du`: what the store holds, and what of it could go."""

from __future__ import annotations

import click

from trimaran.cli import cache_filters, cache_tables
from trimaran.cli.session import Session
from trimaran.linux import namespaces


@click.command("du")
@cache_tables.options
@click.pass_obj
def command(
    session: Session,
    /,
    everything: bool,
    filters: tuple[str, ...],
    verbose: bool,
    as_json: bool,
) -> None:
    """Show what takes space in the store, as `docker buildx du` does.

    A row is what one step made, a cache mount (marked by an asterisk), other content of images, or
    a download that was cut short. What a named image or a running command needs is not reclaimable.
    """
    wanted = cache_filters.read(filters)
    namespaces.enter()  # what steps made belongs to the ids of the namespace
    shown = [
        unit
        for unit in session.store.collector.listed()
        if (everything or unit.type != "internal") and wanted(unit)
    ]
    cache_tables.show(shown, verbose=verbose, as_json=as_json)
    if not filters and not as_json:
        reclaimable = sum(unit.size_bytes for unit in shown if unit.reclaimable)
        total = sum(unit.size_bytes for unit in shown)
        cache_tables.show_totals((("Reclaimable", reclaimable), ("Total", total)))

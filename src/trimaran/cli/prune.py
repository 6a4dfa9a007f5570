"""`trimaran prune`: the results of steps go; named images stay."""

from __future__ import annotations

import click

from trimaran.cli.session import Session
from trimaran.errors import StoreError
from trimaran.linux import namespaces
from trimaran.ui import words


@click.command("prune")
@click.option("-f", "--force", is_flag=True, help="Accepted: nothing is asked")
@click.pass_obj
def command(session: Session, /, force: bool) -> None:
    """Remove what makes builds fast but no image needs: results of steps, unpacked layers.

    Images that have a name stay. Steps run again, and layers are unpacked again, when needed.
    Downloads that were cut short begin anew.
    """
    del force
    namespaces.enter()  # snapshots belong to the ids of the namespace
    store = session.store
    with store.alone() as alone:
        if not alone:
            raise StoreError(f"the store {store.root} is in use", "wait for the running builds")
        # Records first: they promise what snapshots and blobs hold.
        records = store.clear_records()
        snapshots = sum(store.remove_snapshot(name) for name in store.snapshot_names())
        freed = store.clear_partials()
        freed += sum(store.remove_blob(digest) for digest in store.garbage())
    click.echo(f"removed {records} results, {snapshots} unpacked layers, {words.size(freed)} blobs")

"""`trimaran images`: what the local store holds, by name."""

from __future__ import annotations

import time

import click
import msgspec

from trimaran.cli.session import Session
from trimaran.images import drafts, pick
from trimaran.images.local import StoreImages
from trimaran.store.refs import NamedImage
from trimaran.store.store import Store
from trimaran.ui import words
from trimaran.ui.tables import plain_table

_TITLES = ("NAME", "PLATFORM", "DIGEST", "CREATED", "SIZE")
_RIGHT_ALIGNED = (4,)


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    """One platform of one name; `created_s` counts from the epoch."""

    name: str
    platform: str
    digest: str
    created_s: float
    size_bytes: int


@click.command("images")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@click.option("-q", "--quiet", is_flag=True, help="Print digests alone")
@click.pass_obj
def command(session: Session, /, as_json: bool, quiet: bool) -> None:
    """List the images of the local store, a row per platform.

    Platforms whose layers were never pulled are left out, but for those that a list of `trimaran
    manifest create` takes from a registry.
    """
    store = session.store
    with store.use():
        images = StoreImages(store)
        rows = [row for named in store.names() for row in _rows(store, images, named)]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
    elif quiet:
        for digest in dict.fromkeys(row.digest for row in rows):
            click.echo(digest)
    else:
        cells = [_cells(row) for row in rows]
        click.echo(plain_table(_TITLES, cells, _RIGHT_ALIGNED), nl=False)


def _rows(store: Store, images: StoreImages, named: NamedImage) -> list[_Row]:
    rows: list[_Row] = []
    for offer in pick.offers(images, named.descriptor):
        choice = pick.open_choice(images, offer.descriptor)
        listed = drafts.origin(store, offer.descriptor.digest)
        if not (listed and listed.kind == "registry") and not pick.is_complete(images, choice):
            continue
        size_bytes = choice.manifest.config.size + sum(x.size for x in choice.manifest.layers)
        rows.append(
            _Row(
                named.reference.familiar,
                str(offer.platform),
                offer.descriptor.digest,
                named.created,
                size_bytes,
            )
        )
    return rows


def _cells(row: _Row) -> tuple[str, ...]:
    age = words.duration(max(0.0, time.time() - row.created_s))
    return (row.name, row.platform, row.digest[:19], f"{age} ago", words.size(row.size_bytes))

"""`trimaran referrers`: what refers to an image: signatures, SBOMs, and what refers to those."""

from __future__ import annotations

from collections.abc import Iterator

import click
import msgspec

from trimaran import platforms
from trimaran.cli import places
from trimaran.cli.insecure import insecure_option
from trimaran.cli.places import Found
from trimaran.cli.session import Session
from trimaran.errors import UsageError
from trimaran.images import pick
from trimaran.images.referring import Referred, find, subjects_of
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor
from trimaran.platforms import Platform
from trimaran.ui import words
from trimaran.ui.tables import plain_table


class _Referrer(msgspec.Struct, frozen=True, rename="camel"):
    """One line, and what `--json` prints of it; the platform is that of the subject."""

    subject: str
    platform: str
    artifact_type: str
    digest: str
    media_type: str
    size: int
    annotations: dict[str, str]


@click.command("referrers")
@click.argument("name", metavar="IMAGE")
@click.option("--platform", metavar="P", help="What refers to this platform's image alone")
@click.option("--artifact-type", metavar="TYPE", default="", help="Those of one type alone")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@insecure_option
@click.pass_obj
def command(
    session: Session,
    /,
    name: str,
    platform: str | None,
    artifact_type: str,
    as_json: bool,
) -> None:
    """List what refers to an image: signatures, SBOMs, and what refers to those.

    IMAGE is a name, with a tag or digest, or one of the transports that `trimaran copy` takes. What
    refers to its index is listed, and what refers to the images of its platforms.
    """
    wanted = platforms.parse(platform) if platform else None
    with session.store.use():
        found = places.find(session, name)
        rows = list(_referrers(found, wanted, artifact_type))
    text = msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n"
    click.echo(text if as_json else _text(rows), nl=False)


def _referrers(found: Found, wanted: Platform | None, artifact_type: str) -> Iterator[_Referrer]:
    place = found.place
    if not isinstance(place, Referred):
        raise UsageError("Docker's archives and its daemon hold nothing that refers to an image")
    known = _platforms(found)
    if wanted:
        subjects = [pick.choose(place, found.descriptor, wanted, found.name).descriptor.digest]
    else:
        subjects = subjects_of(place, found.descriptor)
    for each in find(place, subjects, artifact_type):
        yield _row(each.subject, known.get(each.subject, ""), each.descriptor)


def _platforms(found: Found) -> dict[str, str]:
    """What the subjects are called: `index`, or their platforms."""
    known = {
        offer.descriptor.digest: str(offer.platform)
        for offer in pick.offers(found.place, found.descriptor)
    }
    if found.descriptor.media_type in media_types.INDEXES:
        known[found.descriptor.digest] = "index"
    return known


def _row(subject: str, platform: str, descriptor: Descriptor) -> _Referrer:
    return _Referrer(
        subject,
        platform,
        descriptor.artifact_type,
        descriptor.digest,
        descriptor.media_type,
        descriptor.size,
        descriptor.annotations,
    )


def _text(rows: list[_Referrer]) -> str:
    if not rows:
        return "nothing refers to it\n"
    heads = ("REFERS TO", "TYPE", "DIGEST", "SIZE")
    cells = [
        (row.platform or row.subject, row.artifact_type, row.digest, words.size(row.size))
        for row in rows
    ]
    notes = [
        f"{row.digest} {key}: {text}\n"
        for row in rows
        for key, text in sorted(row.annotations.items())
    ]
    return plain_table(heads, cells, (3,)) + "".join(notes)

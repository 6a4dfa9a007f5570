"""`trimaran inspect`: what an image holds, from the local store or its registry."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click
import msgspec

from trimaran import platforms
from trimaran.cli import places
from trimaran.cli.insecure import insecure_option
from trimaran.cli.places import Found
from trimaran.cli.session import Session
from trimaran.images import pick, tree
from trimaran.images.attestations import Attestation, attestations
from trimaran.images.pick import Choice
from trimaran.oci.models import Descriptor, RunConfig
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.ui import words
from trimaran.ui.tables import plain_table


class _Platform(msgspec.Struct, frozen=True, rename="camel"):
    """One platform's image."""

    platform: str
    digest: str
    size_bytes: int
    layers: tuple[Descriptor, ...]
    created: str
    annotations: dict[str, str]
    config: RunConfig
    attestations: tuple[Attestation, ...]


class _Facts(msgspec.Struct, frozen=True, rename="camel"):
    """What `--json` prints."""

    name: str
    found_in: str
    digest: str
    media_type: str
    annotations: dict[str, str]
    platforms: list[_Platform]


@click.command("inspect")
@click.argument("name", metavar="IMAGE")
@click.option("--platform", metavar="P", help="Only this platform")
@click.option("--raw", is_flag=True, help="Print the index or manifest as it is")
@click.option("--config", "config", is_flag=True, help="Print one platform's config as it is")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@insecure_option
@click.pass_obj
def command(
    session: Session,
    /,
    name: str,
    platform: str | None,
    raw: bool,
    config: bool,
    as_json: bool,
) -> None:
    """Show an image: its digest, its platforms, their sizes and what they run.

    IMAGE is a name, with a tag or digest, or one of the transports that `trimaran copy` takes.
    """
    wanted = platforms.parse(platform) if platform else None
    with session.store.use():
        found = places.find(session, name)
        place, descriptor = found.place, found.descriptor
        if config:
            chosen = pick.choose(place, descriptor, wanted or platforms.host(), name)
            click.echo(pick.read_config(place, chosen.manifest), nl=False)
        elif raw:
            chosen_descriptor = (
                pick.choose(place, descriptor, wanted, name).descriptor if wanted else descriptor
            )
            click.echo(place.read_manifest(chosen_descriptor), nl=False)
        else:
            facts = _facts(found, wanted)
            text = msgspec.json.format(msgspec.json.encode(facts)).decode() + "\n"
            click.echo(text if as_json else _text(facts), nl=False)


def _facts(found: Found, wanted: Platform | None) -> _Facts:
    place, descriptor = found.place, found.descriptor
    name = found.reference.familiar if found.reference else found.name
    if wanted:
        choices = [pick.choose(place, descriptor, wanted, name)]
    else:
        offers = pick.offers(place, descriptor)
        choices = [pick.open_choice(place, offer.descriptor) for offer in offers]
    attested = attestations(place, descriptor)
    return _Facts(
        name,
        place.name,
        descriptor.digest,
        descriptor.media_type,
        _annotations(place, descriptor),
        [_platform(choice, attested) for choice in choices],
    )


def _annotations(place: Place, descriptor: Descriptor) -> dict[str, str]:
    return tree.read(place, descriptor).annotations


def _platform(choice: Choice, attested: Sequence[Attestation]) -> _Platform:
    layers = choice.manifest.layers
    return _Platform(
        str(choice.config.platform),
        choice.descriptor.digest,
        choice.manifest.config.size + sum(layer.size for layer in layers),
        layers,
        choice.config.created,
        choice.manifest.annotations,
        choice.config.config,
        tuple(each for each in attested if each.subject == choice.descriptor.digest),
    )


def _text(facts: _Facts) -> str:
    rows = [
        (image.platform, image.digest, str(len(image.layers)), words.size(image.size_bytes))
        for image in facts.platforms
    ]
    lines = [f"{facts.name}  {facts.digest}", f"{facts.media_type}, from {facts.found_in}", ""]
    lines[2:2] = [f"{key}: {value}" for key, value in sorted(facts.annotations.items())]
    lines += [plain_table(("PLATFORM", "DIGEST", "LAYERS", "SIZE"), rows, (2, 3))]
    for image in facts.platforms:
        command = [*(image.config.entrypoint or ()), *(image.config.cmd or ())]
        user = f" as {image.config.user}" if image.config.user else ""
        lines += [f"{image.platform} runs {shlex.join(command) or 'nothing by default'}{user}"]
        for each in image.attestations:
            stated = ", ".join(each.predicate_types) or "nothing known"
            lines += [f"{image.platform} is attested by {each.digest}: {stated}"]
    return "\n".join(lines) + "\n"

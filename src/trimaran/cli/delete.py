"""`trimaran delete`: tags and manifests go from a registry."""

from __future__ import annotations

import http

import click

from trimaran import references
from trimaran.cli.insecure import insecure_option
from trimaran.cli.session import Session
from trimaran.errors import RegistryError
from trimaran.references import Reference

_REFUSED = frozenset(
    {
        http.HTTPStatus.BAD_REQUEST,
        http.HTTPStatus.METHOD_NOT_ALLOWED,
        http.HTTPStatus.NOT_IMPLEMENTED,
    }
)


@click.command("delete")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@insecure_option
@click.pass_obj
def command(session: Session, /, names: tuple[str, ...]) -> None:
    """Remove tags, or by NAME@DIGEST manifests with all their tags, from their registry.

    The registry frees the space in its own time.
    """
    for reference in [references.parse(name.removeprefix("docker://")) for name in names]:
        _delete(session, reference)
        click.echo(f"deleted {reference.familiar}")


def _delete(session: Session, reference: Reference) -> None:
    repository = session.repository(reference)
    try:
        repository.delete(reference.tag_or_digest)
    except RegistryError as error:
        if error.status not in _REFUSED or reference.digest:
            raise
        digest = repository.resolve(reference.tag).digest
        raise RegistryError(
            f"{reference.registry} deletes no single tag: {error.message}",
            "with the manifest all its tags go: trimaran delete"
            f" {reference.name}@{digest}, if its operator allows that",
            status=error.status,
        ) from error

"""`--attest`, `--provenance` and `--sbom`, read as buildx and BuildKit read them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from trimaran.cli.values import boolean
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.errors import UsageError
from trimaran.request import Provenance, Sbom

_F = TypeVar("_F", bound=Callable[..., Any])
_TYPES = ("provenance", "sbom")
_FIELDS = ("mode", "version", "builder-id", "filename", "reproducible", "inline-only")
_BOOLEANS = ("1", "t", "true", "0", "f", "false")
_GENERATOR = (
    "write --sbom=generator=PROGRAM: a program of this machine that reads the files below"
    " $BUILDKIT_SCAN_SOURCE and writes *.spdx.json into $BUILDKIT_SCAN_DESTINATION"
)
Fields = dict[str, str]


def attest_options(command: _F) -> _F:
    """The options of a build that concern statements about its images."""
    options = (
        click.option(
            "--attest",
            multiple=True,
            metavar="type=T,…",
            help="State it of the images: provenance,mode=min|max or sbom,generator=PROGRAM",
        ),
        click.option("--provenance", metavar="true|mode=M", help="As --attest=type=provenance"),
        click.option("--sbom", metavar="generator=PROGRAM", help="As --attest=type=sbom"),
    )
    for option in reversed(options):
        command = option(command)
    return command


def find(
    items: Iterable[str], provenance: str | None, sbom: str | None
) -> tuple[Provenance | None, Sbom | None]:
    """What is to be stated: nothing, unless a flag says so.

    Raises:
        UsageError: a type, field or value is unknown, a type comes twice, or no generator is named.
    """
    found: dict[str, Fields] = {}
    given = [("--attest", item) for item in items]
    for kind, value in zip(_TYPES, (provenance, sbom), strict=True):
        if value:
            whole = f"disabled={_opposite(value)}" if value.lower() in _BOOLEANS else value
            given.append((f"--{kind}", f"type={kind},{whole}"))
    for flag, item in given:
        fields = _parsed(flag, item)
        kind = fields.pop("type")
        if kind in found:
            raise UsageError(f"{flag}: {kind} is asked for twice", "leave one of them out")
        found[kind] = fields
    stated = {kind: fields for kind, fields in found.items() if not _disabled(fields)}
    return (
        _provenance(stated["provenance"]) if "provenance" in stated else None,
        _sbom(stated["sbom"]) if "sbom" in stated else None,
    )


def _parsed(flag: str, item: str) -> Fields:
    found: Fields = {}
    for field in next(csv.reader([item]), []):
        name, equals, value = field.partition("=")
        if not equals:
            raise UsageError(f"{flag} {item!r}: {field!r} is not NAME=VALUE")
        low = name.strip().lower()
        found[low if low in ("type", "disabled") else name.strip()] = value
    if found.get("type") not in _TYPES:
        raise UsageError(
            f"{flag} {item!r} names no type of attestation", f"the types are {', '.join(_TYPES)}"
        )
    return found


def _opposite(value: str) -> str:
    return str(not boolean("", value)).lower()


def _disabled(fields: Fields) -> bool:
    return boolean("disabled", fields.pop("disabled", "false"))


def _provenance(fields: Mapping[str, str]) -> Provenance:
    if strange := next((name for name in fields if name not in _FIELDS), ""):
        hint = did_you_mean(strange, _FIELDS) or f"the fields are {', '.join(_FIELDS)}"
        raise UsageError(f"--provenance: unknown field {strange!r}", hint)
    name = fields.get("filename") or "provenance.json"
    if "/" in name or name in {".", ".."}:
        raise UsageError(f"--provenance filename={name}: it is the name of a file, not a path")
    mode, version = fields.get("mode", "max"), fields.get("version", "v1")
    if mode not in {"min", "max", "full"}:
        raise UsageError(f"--provenance mode={mode}: there is no such mode", "they are min and max")
    if version not in {"v1", "v0.2"}:
        raise UsageError(f"--provenance version={version}: there is none", "they are v1 and v0.2")
    return Provenance(
        "min" if mode == "min" else "max",
        "v1" if version == "v1" else "v0.2",
        fields.get("builder-id", ""),
        name,
        boolean("reproducible", fields.get("reproducible", "false")),
        boolean("inline-only", fields.get("inline-only", "false")),
    )


def _sbom(fields: Mapping[str, str]) -> Sbom:
    if not fields.get("generator"):
        raise UsageError("--sbom: no generator is named, and there is none by default", _GENERATOR)
    return Sbom(fields["generator"], {name: fields[name] for name in fields if name != "generator"})

"""`--cache-to`, `--cache-from` and `--no-cache-filter`, as buildx takes them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import click

from trimaran import digests, references
from trimaran.cli.values import boolean
from trimaran.errors import UsageError
from trimaran.request import CacheExport, CachePlace, Compression, FolderCache, RegistryCache

_F = TypeVar("_F", bound=Callable[..., Any])
_TO_FIELDS = {
    "registry": ("ref",),
    "local": ("dest", "tag"),
    "inline": (),
}
_COMMON = (
    *("mode", "compression", "compression-level", "force-compression"),
    *("image-manifest", "oci-mediatypes", "ignore-error"),
)
_FROM_FIELDS = {"registry": ("ref",), "local": ("src", "digest", "tag")}
_INLINE = "BUILDKIT_INLINE_CACHE"
_TRUE = ("1", "t", "true")
_ALWAYS = ("image-manifest", "oci-mediatypes")
"""What is so in any case."""


def cache_options(command: _F) -> _F:
    """The options of a build that concern caches."""
    for option in reversed(
        (
            click.option(
                "--cache-to",
                multiple=True,
                metavar="type=T,…",
                help="Write a cache: registry,ref=NAME, local,dest=DIR or inline; mode=min|max",
            ),
            click.option(
                "--cache-from",
                multiple=True,
                metavar="type=T,…",
                help="Take steps from a cache: registry,ref=NAME or local,src=DIR",
            ),
            click.option(
                "--no-cache-filter",
                "no_cache_filters",
                multiple=True,
                metavar="STAGE,…",
                help="Run the steps of these stages anew",
            ),
        )
    ):
        command = option(command)
    return command


def exports(
    items: Iterable[str], build_args: Mapping[str, str] | None = None
) -> tuple[CacheExport, ...]:
    """Read each `--cache-to`; as in BuildKit, a build argument asks for an inline cache too.

    Raises:
        UsageError: an unknown type, field or value, or a place is missing.
        InvalidReferenceError: a name is wrong.
    """
    found = tuple(_export(item, fields) for item in items for fields in _parsed("--cache-to", item))
    given = (build_args or {}).get(_INLINE, "")
    wanted = given.lower() in _TRUE and all(export.place for export in found)
    return (*found, CacheExport(None)) if wanted else found


def places(items: Iterable[str]) -> tuple[CachePlace, ...]:
    """Read each `--cache-from`. Raises as `exports`."""
    return tuple(
        _source(item, fields) for item in items for fields in _parsed("--cache-from", item)
    )


def stages(items: Iterable[str], *, no_cache: bool) -> frozenset[str]:
    """Read each `--no-cache-filter`: names of stages, in any case.

    Raises:
        UsageError: everything is to run anew already.
    """
    names = frozenset(name.strip().lower() for item in items for name in item.split(","))
    if names and no_cache:
        raise UsageError("--no-cache leaves nothing to --no-cache-filter", "leave one of them out")
    return names - {""}


def _export(item: str, fields: Mapping[str, str]) -> CacheExport:
    kind = fields["type"]
    _check(f"--cache-to {item!r}", kind, fields, _TO_FIELDS, _COMMON)
    mode = fields.get("mode", "min")
    if mode not in ("min", "max"):
        raise UsageError(f"--cache-to {item!r}: unknown mode {mode!r}", "the modes are min and max")
    for name in (*_ALWAYS, "force-compression"):
        boolean(name, fields.get(name, "true"))
    return CacheExport(
        _target(item, kind, fields),
        mode == "max",
        _compression(item, fields),
        boolean("ignore-error", fields.get("ignore-error", "false")),
    )


def _target(item: str, kind: str, fields: Mapping[str, str]) -> CachePlace | None:
    match kind:
        case "registry":
            reference = references.parse(_needed("--cache-to", item, fields, "ref"))
            if reference.digest:
                raise UsageError(f"--cache-to {item!r}: a digest cannot be written", "name a tag")
            return RegistryCache(reference)
        case "local":
            path = Path(_needed("--cache-to", item, fields, "dest")).absolute()
            return FolderCache(path, fields.get("tag") or "latest")
        case _:
            return None


def _source(item: str, fields: Mapping[str, str]) -> CachePlace:
    kind = fields["type"]
    _check(f"--cache-from {item!r}", kind, fields, _FROM_FIELDS, ())
    if kind == "registry":
        return RegistryCache(references.parse(_needed("--cache-from", item, fields, "ref")))
    path = Path(_needed("--cache-from", item, fields, "src")).absolute()
    digest = fields.get("digest", "")
    if digest and not digests.is_digest(digest):
        raise UsageError(f"--cache-from {item!r}: {digest!r} is no digest", "write sha256:HEX")
    return FolderCache(path, digest or fields.get("tag") or "latest")


def _parsed(flag: str, item: str) -> list[dict[str, str]]:
    """The fields of one value; names alone are caches in registries."""
    fields = next(csv.reader([item]), [])
    if fields and not any("=" in field for field in fields):
        return [{"type": "registry", "ref": field} for field in fields]
    found: dict[str, str] = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise UsageError(f"{flag} {item!r}: {field!r} is not NAME=VALUE", _hint(flag))
        found[name.strip().lower()] = value
    if "type" not in found:
        raise UsageError(f"{flag} {item!r} has no type", _hint(flag))
    return [found]


def _check(
    said: str,
    kind: str,
    fields: Mapping[str, str],
    known: Mapping[str, tuple[str, ...]],
    common: tuple[str, ...],
) -> None:
    if kind not in known:
        raise UsageError(
            f"{said}: caches of the type {kind!r} are not supported",
            f"the types are {', '.join(known)}",
        )
    allowed = ("type", *known[kind], *common)
    if strange := next((name for name in fields if name not in allowed), ""):
        raise UsageError(
            f"{said}: unknown field {strange!r}", f"the fields are {', '.join(allowed)}"
        )


def _compression(item: str, fields: Mapping[str, str]) -> Compression | None:
    asked = fields.get("compression")
    for known in get_args(Compression):
        if asked == known:
            return cast("Compression", known)
    if asked is None:
        return None
    raise UsageError(
        f"--cache-to {item!r}: no such compression as {asked!r}",
        f"the compressions are {', '.join(get_args(Compression))}",
    )


def _needed(flag: str, item: str, fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise UsageError(f"{flag} {item!r} needs {name}=", _hint(flag))
    return fields[name]


def _hint(flag: str) -> str:
    place = "dest" if flag == "--cache-to" else "src"
    return f"write {flag} type=registry,ref=NAME or {flag} type=local,{place}=DIR"

"""`-o` and `--annotation`, read as buildx and BuildKit's exporters read them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar, get_args

from trimaran import platforms, references
from trimaran.cli.values import boolean
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.errors import PlatformError, UsageError
from trimaran.references import Reference
from trimaran.request import Annotated, Annotation, Compression, Output, OutputType

_T = TypeVar("_T", bound=str)

_LEVELS = {"gzip": 9, "zstd": 22, "uncompressed": 0}
_FIELDS = (
    *("type", "dest", "tar", "name", "push", "push-by-digest", "compression", "compression-level"),
    *("force-compression", "oci-mediatypes", "rewrite-timestamp", "platform-split", "store"),
)
_IGNORED = (
    *("unpack", "buildinfo", "buildinfo-attrs", "attestation-inline", "prefer-nondist-layers"),
)
"""What has no meaning here: there is no containerd, no build info (BuildKit dropped it), …"""
_REFUSED = {
    "name-canonical": "the local store finds every image by NAME@DIGEST anyway: leave it out",
    "dangling-name-prefix": "name the image by -t",
    "registry.insecure": "use plain-http in the settings file (see the guide)",
}
_FILES = ("oci", "docker", "local", "tar")
_ANNOTATION_FIELD = re.compile(
    r"annotation(?:-(?P<on>[a-z-]+))?(?:\[(?P<platform>[^\]]+)\])?\.(?P<key>.+)"
)
_ANNOTATION_KIND = re.compile(r"(?P<on>[a-z-]+)(?:\[(?P<platform>[^\]]+)\])?")


def output(item: str) -> Output:
    """Read an `-o`: `type=T,dest=F,…`, a folder alone, or `-` for a tar on standard output.

    Raises:
        UsageError: an unknown type or field, a wrong value, a destination too many or too few.
        InvalidReferenceError: a name is wrong.
    """
    try:
        fields = next(csv.reader([item], strict=True), [""])
    except csv.Error as error:
        raise UsageError(f"--output {item!r}: {error}", "write type=T,dest=FILE") from error
    if len(fields) == 1 and "=" not in fields[0]:
        return Output("tar", "-") if item == "-" else Output("local", item)
    return _Reader(item, dict(_named(item, fields))).read()


def of_annotation(item: str) -> Iterator[Annotation]:
    """Read an `--annotation`: `[ON[[PLATFORM]][,ON…]:]KEY=VALUE`.

    Raises:
        UsageError: it has no value, or is on nothing that has annotations.
    """
    name, equals, value = item.partition("=")
    kinds, colon, key = name.partition(":")
    if not equals or not (key if colon else name):
        raise UsageError(
            f"--annotation {item!r} is not KEY=VALUE", "write --annotation [index:]KEY=VALUE"
        )
    if not colon:
        yield Annotation("manifest", name, value)
        return
    for kind in kinds.split(","):
        if not (match := _ANNOTATION_KIND.fullmatch(kind)):
            raise _no_kind(f"--annotation {item!r}", kind)
        yield _annotation(f"--annotation {item!r}", match, key, value)


def _annotation(where: str, match: re.Match[str], key: str, value: str) -> Annotation:
    on = match["on"] or "manifest"
    for known in get_args(Annotated):
        if on == known:
            break
    else:
        raise _no_kind(where, on)
    if match["platform"] is None:
        return Annotation(known, key, value)
    try:
        return Annotation(known, key, value, platforms.parse(match["platform"]))
    except PlatformError as error:
        raise UsageError(f"{where}: {error.message}", error.hint) from error


def _no_kind(where: str, kind: str) -> UsageError:
    known = ", ".join(get_args(Annotated))
    return UsageError(f"{where}: nothing is called {kind!r}", f"annotations are on {known}")


def _named(item: str, fields: list[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        name, equals, value = field.partition("=")
        name = name.strip().lower()
        if name in _REFUSED:
            raise UsageError(f"--output {name}: there is no such thing here", _REFUSED[name])
        known = name in _FIELDS or name in _IGNORED or _ANNOTATION_FIELD.fullmatch(name)
        if not equals or not known:
            hint = did_you_mean(name, _FIELDS) or f"the fields are {', '.join(_FIELDS)}"
            raise UsageError(f"--output {item!r}: unknown field {field!r}", hint)
        yield name, value


class _Reader:
    """The fields of one `-o`, which `item` is."""

    def __init__(self, item: str, fields: Mapping[str, str]) -> None:
        self._item = item
        self._fields = fields
        self._type: OutputType = _one_of(item, "type", fields.get("type", ""), get_args(OutputType))

    def read(self) -> Output:
        kind = self._kind()
        compression = self._compression()
        oci = self._flag("oci-mediatypes", default=True)
        if compression == "zstd" and not oci:
            raise self._error(
                "Docker's schema 2 has no zstd", "leave out oci-mediatypes=false or zstd"
            )
        return Output(
            kind,
            self._destination(kind),
            self._flag("tar", default=True),
            compression,
            level=self._level(compression),
            force_compression=self._flag("force-compression"),
            oci_media_types=oci,
            rewrite_timestamp=self._flag("rewrite-timestamp", default=True),
            names=self._names(),
            by_digest=self._flag("push-by-digest"),
            annotations=tuple(self._annotations()),
            platform_split=self._platform_split(kind),
        )

    def _kind(self) -> OutputType:
        """An image that is pushed is a registry's; one that is not kept either is nowhere."""
        pushed = self._flag("push", default=self._type == "registry")
        if self._type not in ("image", "registry"):
            if pushed:
                raise self._error("only an image can be pushed", "write type=image,push=true")
            return self._type
        if pushed:
            return "registry"
        if self._flag("push-by-digest"):
            raise self._error("push-by-digest is for what is pushed", "add push=true")
        return "image" if self._flag("store", default=True) else "cacheonly"

    def _destination(self, kind: OutputType) -> str | None:
        given = self._fields.get("dest")
        if kind not in _FILES:
            if given:
                raise self._error(f"type={self._type} has no dest", "name the image by -t")
            return None
        if kind == "local" and given in (None, "", "-"):
            raise self._error("a local output needs a folder", "add dest=FOLDER")
        if kind == "oci" and not self._flag("tar", default=True) and given in (None, "", "-"):
            raise self._error("tar=false needs a folder", "add dest=FOLDER")
        if kind == "docker":
            if not self._flag("tar", default=True):
                raise self._error("a Docker archive is a tar", "write type=oci for a layout")
            return given or None
        return given or "-"

    def _compression(self) -> Compression:
        given = self._fields.get("compression", "gzip")
        if given == "estargz":
            raise self._error(
                "compression=estargz is not there: no layer here can be fetched lazily",
                "zstd is the smaller, gzip the most compatible",
            )
        found: Compression = _one_of(self._item, "compression", given, get_args(Compression))
        return found

    def _level(self, compression: Compression) -> int | None:
        given = self._fields.get("compression-level")
        if given is None:
            return None
        if not (given.isascii() and given.isdigit() and int(given) <= _LEVELS[compression]):
            raise self._error(
                f"compression-level={given} is none of {compression}",
                f"the levels are 0 to {_LEVELS[compression]}",
            )
        return int(given) if compression != "uncompressed" else None

    def _names(self) -> tuple[Reference, ...]:
        given = self._fields.get("name", "")
        return tuple(references.parse(name.strip()) for name in given.split(",") if name.strip())

    def _annotations(self) -> Iterator[Annotation]:
        for name, value in self._fields.items():
            if match := _ANNOTATION_FIELD.fullmatch(name):
                yield _annotation(f"--output {name}", match, match["key"], value)

    def _platform_split(self, kind: OutputType) -> bool | None:
        if "platform-split" not in self._fields:
            return None
        if kind not in ("local", "tar"):
            raise self._error("platform-split is for files", "write type=local or type=tar")
        return self._flag("platform-split")

    def _flag(self, name: str, *, default: bool = False) -> bool:
        return boolean(name, self._fields[name]) if name in self._fields else default

    def _error(self, message: str, hint: str) -> UsageError:
        return UsageError(f"--output {self._item!r}: {message}", hint)


def _one_of(item: str, what: str, given: str, known: tuple[_T, ...]) -> _T:
    """`given` as one of a Literal's values."""
    for value in known:
        if value == given:
            return value
    raise UsageError(
        f"--output {item!r}: unknown {what} {given!r}", f"the {what}s are {', '.join(known)}"
    )

"""Where an image is, as people write it: a name, or one of skopeo's transports before it.

`docker://NAME` is the registry alone, `store:NAME` the local store alone, and `oci:DIR[:TAG]`,
`oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`, `docker-daemon:NAME` what they say.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from trimaran import digests, references
from trimaran.errors import UsageError
from trimaran.references import Reference


class Named(msgspec.Struct, frozen=True):
    """A name alone: read from the local store or else the registry.

    `text` is as it was written, for one rule: a name that is written with its registry is written
    to that registry, any other to the local store.
    """

    reference: Reference
    text: str

    @property
    def has_registry(self) -> bool:
        host, slash, _ = self.text.partition("/")
        return bool(slash) and (host == "localhost" or any(mark in host for mark in ".:["))


class InRegistry(msgspec.Struct, frozen=True):
    reference: Reference


class InStore(msgspec.Struct, frozen=True):
    reference: Reference


class InDaemon(msgspec.Struct, frozen=True):
    """The images of Docker's daemon."""

    reference: Reference


class InLayout(msgspec.Struct, frozen=True):
    """An OCI layout folder; `name` is a tag, a digest, or empty for its only image."""

    path: Path
    name: str


class InLayoutArchive(msgspec.Struct, frozen=True):
    """An OCI layout in a tar; `name` as in a folder, or a full reference."""

    path: Path
    name: str


class InDockerArchive(msgspec.Struct, frozen=True):
    """What `docker save` writes; `name` is what Docker calls the image, or empty."""

    path: Path
    name: str


Location = Named | InRegistry | InStore | InDaemon | InLayout | InLayoutArchive | InDockerArchive

_BY_NAME: Mapping[str, type[InStore | InDaemon]] = {"store": InStore, "docker-daemon": InDaemon}
_BY_PATH: Mapping[str, type[InLayout | InLayoutArchive | InDockerArchive]] = {
    "oci": InLayout,
    "oci-archive": InLayoutArchive,
    "docker-archive": InDockerArchive,
}


def parse(text: str) -> Location:
    """Read a location.

    Raises:
        UsageError: the transport has no path.
        InvalidReferenceError: a name that the grammar refuses.
    """
    transport, _, rest = text.partition(":")
    if transport == "docker" and rest.startswith("//"):
        return InRegistry(references.parse(rest.removeprefix("//")))
    if transport in _BY_NAME:
        return _BY_NAME[transport](references.parse(rest))
    if transport in _BY_PATH:
        return _BY_PATH[transport](*_path(text, rest))
    return Named(references.parse(text), text)


def _path(text: str, rest: str) -> tuple[Path, str]:
    """PATH[:NAME] or PATH@DIGEST: a path has no colon, as skopeo reads it."""
    path, at, digest = rest.rpartition("@")
    if at and digests.is_digest(digest):
        name = digest
    else:
        path, _, name = rest.partition(":")
    if not path:
        raise UsageError(f"{text!r} has no path", f"write {text.partition(':')[0]}:PATH[:NAME]")
    return Path(path).absolute(), name

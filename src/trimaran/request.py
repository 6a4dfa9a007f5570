"""What to build: frozen values that `cli` makes and everything below it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from trimaran.platforms import Platform
from trimaran.references import Reference


@dataclass(frozen=True, slots=True)
class FolderContext:
    """A folder on this machine."""

    path: Path


@dataclass(frozen=True, slots=True)
class ImageContext:
    """An image in a registry or in the local store: `docker-image://REF`."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class LayoutContext:
    """An image in an OCI layout: `oci-layout://DIR:TAG` or `oci-layout://DIR@DIGEST`."""

    path: Path
    tag_or_digest: str


Context = FolderContext | ImageContext | LayoutContext

OutputType = Literal["oci", "docker", "local", "tar", "registry"]
Compression = Literal["gzip", "zstd", "uncompressed"]


@dataclass(frozen=True, slots=True)
class Output:
    """One `-o`. `destination` is None for `registry`; "-" is standard output."""

    type: OutputType
    destination: str | None = None
    tar: bool = True
    compression: Compression = "gzip"


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One `trimaran build`.

    `platforms` is empty for the host's own. `dockerfile` is absolute; `dockerfile_name` is what the
    user typed. `build_args` maps a name to its value. `source_date_epoch` is in seconds.
    """

    context: Path
    dockerfile: Path
    dockerfile_name: str
    tags: tuple[Reference, ...] = ()
    platforms: tuple[Platform, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False
    pull: bool = False
    build_contexts: Mapping[str, Context] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    source_date_epoch: int | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)

"""What to build: frozen values that `cli` makes and everything below it takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from trimaran.platforms import Platform
from trimaran.references import Reference


class FolderContext(msgspec.Struct, frozen=True):
    """A folder on this machine."""

    path: Path


class ImageContext(msgspec.Struct, frozen=True):
    """An image in a registry or in the local store: `docker-image://REF`."""

    reference: Reference


class LayoutContext(msgspec.Struct, frozen=True):
    """An image in an OCI layout: `oci-layout://DIR:TAG` or `oci-layout://DIR@DIGEST`."""

    path: Path
    tag_or_digest: str


class GitContext(msgspec.Struct, frozen=True):
    """A git repository: `URL[#REF[:SUBFOLDER]]`, or with a query."""

    url: str


class UrlContext(msgspec.Struct, frozen=True):
    """A file on the web: an archive, a Dockerfile; as a named context, itself."""

    url: str


class ArchiveContext(msgspec.Struct, frozen=True):
    """An archive that can be read once, such as standard input; `name` is for messages."""

    file: BinaryIO
    name: str


class EmptyContext(msgspec.Struct, frozen=True):
    """No files: only the Dockerfile was given."""


Context = FolderContext | ImageContext | LayoutContext | GitContext | UrlContext
MainContext = Path | GitContext | UrlContext | ArchiveContext | EmptyContext

OutputType = Literal["oci", "docker", "local", "tar", "image", "registry", "cacheonly"]
Annotated = Literal["index", "index-descriptor", "manifest", "manifest-descriptor"]
Compression = Literal["gzip", "zstd", "uncompressed"]
Network = Literal["default", "none", "host"]
ProvenanceMode = Literal["min", "max"]
ProvenanceVersion = Literal["v1", "v0.2"]

SHM_SIZE_BYTES = 64 * 1024 * 1024
"""Docker's own."""


class Annotation(msgspec.Struct, frozen=True):
    """One `--annotation`: what it is on, and of which platform's image; None is all."""

    on: Annotated
    key: str
    value: str
    platform: Platform | None = None


class Output(msgspec.Struct, frozen=True):
    """One `-o`.

    Attributes:
        destination: a file or folder; "-" is standard output; None is a registry, the local store,
            or for `docker` the daemon.
        level: of the compression; None is ours.
        force_compression: layers of bases are compressed so, too.
        oci_media_types: False is Docker's schema 2.
        rewrite_timestamp: later times of files become SOURCE_DATE_EPOCH, where it is set.
        names: of the result, where the request has none.
        by_digest: it is pushed without a tag.
        platform_split: a folder for each platform; None is where there are several.
    """

    type: OutputType
    destination: str | None = None
    tar: bool = True
    compression: Compression = "gzip"
    level: int | None = None
    force_compression: bool = False
    oci_media_types: bool = True
    rewrite_timestamp: bool = True
    names: tuple[Reference, ...] = ()
    by_digest: bool = False
    annotations: tuple[Annotation, ...] = ()
    platform_split: bool | None = None


class RegistryCache(msgspec.Struct, frozen=True):
    """A cache, or an image that holds one, in its registry: `type=registry,ref=NAME`."""

    reference: Reference


class FolderCache(msgspec.Struct, frozen=True):
    """A cache in an OCI layout: `type=local`, with `src=` or `dest=`."""

    path: Path
    tag_or_digest: str = "latest"


CachePlace = RegistryCache | FolderCache


class CacheExport(msgspec.Struct, frozen=True):
    """One `--cache-to`.

    Attributes:
        place: None keeps it in the image's config (`type=inline`).
        all_steps: those of intermediate stages too (`mode=max`).
        compression: of layers that no output has; None is the outputs'.
        ignore_error: the build does not fail if it cannot be written.
    """

    place: CachePlace | None
    all_steps: bool = False
    compression: Compression | None = None
    ignore_error: bool = False


class Secret(msgspec.Struct, frozen=True):
    """What a RUN may see and nothing may keep."""

    value: bytes

    def __repr__(self) -> str:
        return "Secret(...)"


class Ulimit(msgspec.Struct, frozen=True):
    """A limit of processes, setrlimit(2); -1 is none."""

    name: str
    soft: int
    hard: int


ENTITLEMENTS = frozenset({"network.host", "security.insecure"})
"""What a RUN may ask for and the user must grant."""


class RunOptions(msgspec.Struct, frozen=True):
    """What the user gives to the programs of RUN.

    Attributes:
        secrets: by id.
        agents: an SSH agent's id to its socket, or to files of private keys.
        network: of a RUN that does not say.
        entitlements: those of ENTITLEMENTS that were granted.
        hosts: names to addresses, for /etc/hosts.
        shm_size_bytes: of /dev/shm.
    """

    secrets: Mapping[str, Secret] = msgspec.field(default_factory=dict)
    agents: Mapping[str, tuple[Path, ...]] = msgspec.field(default_factory=dict)
    network: Network = "default"
    entitlements: frozenset[str] = frozenset()
    hosts: Mapping[str, str] = msgspec.field(default_factory=dict)
    shm_size_bytes: int = SHM_SIZE_BYTES
    ulimits: tuple[Ulimit, ...] = ()


class Provenance(msgspec.Struct, frozen=True):
    """`--provenance`: how an image was built, stated in its own index.

    Attributes:
        mode: `max` tells arguments, secrets' names, steps and the Dockerfile too.
        version: of SLSA's predicate.
        builder_id: who built, as the user says.
        file_name: beside a file system's files.
        reproducible: the user's claim.
        inline_only: not beside a file system's files.
    """

    mode: ProvenanceMode = "max"
    version: ProvenanceVersion = "v1"
    builder_id: str = ""
    file_name: str = "provenance.json"
    reproducible: bool = False
    inline_only: bool = False


class Sbom(msgspec.Struct, frozen=True):
    """`--sbom`: what an image is made of, found by a program of this machine.

    Attributes:
        generator: its name or path; it speaks BuildKit's scanner protocol.
        parameters: more of its environment, without the names' BUILDKIT_SCAN_.
    """

    generator: str
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)


class BuildRequest(msgspec.Struct, frozen=True):
    """One `trimaran build`.

    `platforms` is empty for the host's own. `arch_tags` asks for a tag for each platform as well.
    `dockerfile` is absolute, or relative to a context that is fetched; `dockerfile_text` is its
    bytes if they were given themselves. `dockerfile_name` is what the user typed. `build_args` maps
    a name to its value. `source_date_epoch` is in seconds, found out from the build argument and
    the Dockerfile (`build.epoch`). `allowed` maps patterns of files that may be of another CPU to
    the reason (`audit.allowances`). `tests` are commands that must succeed in every image
    (`build.testing`). `keep_going` builds the other platforms when one fails; `allow_missing`
    publishes them without it. `run` is for the programs of RUN. `annotations` are those of every
    output. `no_cache_stages` are names, in lower case, of stages whose steps run anew.
    """

    context: MainContext
    dockerfile: Path
    dockerfile_name: str
    tags: tuple[Reference, ...] = ()
    platforms: tuple[Platform, ...] = ()
    build_args: Mapping[str, str] = msgspec.field(default_factory=dict)
    target: str = ""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    no_cache: bool = False
    pull: bool = False
    build_contexts: Mapping[str, Context] = msgspec.field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    source_date_epoch: int | None = None
    proxies: Mapping[str, str] = msgspec.field(default_factory=dict)
    verify: bool = True
    allowed: Mapping[str, str] = msgspec.field(default_factory=dict)
    tests: tuple[str, ...] = ()
    arch_tags: bool = False
    dockerfile_text: bytes | None = None
    keep_going: bool = False
    allow_missing: bool = False
    run: RunOptions = RunOptions()
    cache_to: tuple[CacheExport, ...] = ()
    cache_from: tuple[CachePlace, ...] = ()
    no_cache_stages: frozenset[str] = frozenset()
    annotations: tuple[Annotation, ...] = ()
    provenance: Provenance | None = None
    sbom: Sbom | None = None

    @property
    def is_attested(self) -> bool:
        """Whether images come with statements about them, and so in an index."""
        return self.provenance is not None or self.sbom is not None

    def names(self, output: Output) -> tuple[Reference, ...]:
        """What an output's image is called: by -t, or else as the output says."""
        return self.tags or output.names

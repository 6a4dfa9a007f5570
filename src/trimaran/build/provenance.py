"""How an image was built, as an SLSA provenance predicate in the form that BuildKit writes.

The fields are those of BuildKit's slsa-definitions.md, of SLSA 1 and 0.2. One more is ours:
`trimaran_runs` says of each RUN by which lines, for which platform, and whether it ran natively or
under an emulator when it ran.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trimaran import platforms
from trimaran.build.build_config import BuildConfig
from trimaran.build.git_program import shown
from trimaran.build.materials import Materials
from trimaran.build.plan import Plan
from trimaran.build.results import Results
from trimaran.dockerfile import arguments
from trimaran.dockerfile.instructions import Source
from trimaran.graph.steps import SecretMount, SshMount
from trimaran.oci.models import Descriptor
from trimaran.platforms import Platform
from trimaran.request import (
    BuildRequest,
    Context,
    FolderContext,
    GitContext,
    ImageContext,
    LayoutContext,
    Provenance,
    UrlContext,
)

_TYPES = {"v1": "https://slsa.dev/provenance/v1", "v0.2": "https://slsa.dev/provenance/v0.2"}
_BUILD_TYPE_1 = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md"
_BUILDKIT = "https://mobyproject.org/buildkit@v1"
_PRIVATE = ("build-arg:", "label:")
"""What mode=min leaves out."""

Json = dict[str, Any]


class Invocation(msgspec.Struct, frozen=True):
    """What all platforms of one build have in common; times are RFC 3339."""

    id: str
    started: str
    finished: str

    @classmethod
    def make(cls, started: str, finished: str, *, identity: str = "") -> Invocation:
        """An invocation; `identity`, where it is to be the same again, stands for its number."""
        return cls(identity[:25] or secrets.token_hex(13)[:25], started, finished)


class Prover(msgspec.Struct, frozen=True):
    """Makes one build's predicates.

    Attributes:
        source: the Dockerfile.
        materials: of each platform's image.
    """

    request: BuildRequest
    wanted: Provenance
    plan: Plan
    results: Results
    source: Source
    materials: Mapping[Platform, Materials]
    invocation: Invocation

    @property
    def predicate_type(self) -> str:
        return _TYPES[self.wanted.version]

    def predicate(self, platform: Platform, layers: Sequence[Descriptor]) -> bytes:
        """The predicate of one platform's image as JSON.

        Args:
            platform: of the plan.
            layers: the image's, base first; empty where there are only files.
        """
        config = BuildConfig(self.plan, self.plan.images[platform])
        facts = self._facts(config, self.materials[platform], layers)
        shaped = facts.slsa_1() if self.wanted.version == "v1" else facts.slsa_02()
        return msgspec.json.encode(shaped, order="deterministic")

    def _facts(
        self, config: BuildConfig, materials: Materials, layers: Sequence[Descriptor]
    ) -> _Facts:
        full = self.wanted.mode == "max"
        args = _arguments(self.request)
        kept = {key: args[key] for key in args if full or not key.startswith(_PRIVATE)}
        metadata: Json = {}
        if full:
            metadata["source"] = config.source(self.source)
            metadata["layers"] = config.layers(layers)
        networked = any(run.network != "none" for run, _ in config.runs())
        complete = not materials.locals
        return _Facts(
            self.wanted,
            self.invocation,
            materials,
            self._config_source(materials),
            self._asked(config, materials, kept, full=full),
            config.definition() if full else None,
            {key: value for key, value in metadata.items() if value},
            self._runs(config, full=full),
            kept == args,
            complete and not networked,
        )

    def _config_source(self, materials: Materials) -> Json:
        found: Json = {"path": self.request.dockerfile_name.rpartition("/")[2]}
        if materials.context:
            found |= {"uri": materials.context.uri, "digest": materials.context.digest}
        return found

    def _asked(
        self, config: BuildConfig, materials: Materials, args: Mapping[str, str], *, full: bool
    ) -> Json:
        found: Json = {"frontend": "dockerfile.v0", "args": args}
        if full:
            mounts = [mount for run, _ in config.runs() for mount in run.mounts]
            lent = [mount for mount in mounts if isinstance(mount, SecretMount)]
            found["secrets"] = _named(lent)
            found["ssh"] = _named([mount for mount in mounts if isinstance(mount, SshMount)])
        found["locals"] = [{"name": name} for name in materials.locals]
        return {key: value for key, value in found.items() if value}

    def _runs(self, config: BuildConfig, *, full: bool) -> list[Json]:
        found = []
        for run, name in config.runs():
            ran = self.results.step(self.plan.identity(run))
            lines = self.plan.label(run).lines
            fact: Json = {"lines": lines, "platform": str(run.platform)}
            fact |= {"mode": ran.mode} if ran and ran.mode else {}
            fact |= {"compatibleStandIns": ran.compatible} if ran and ran.compatible else {}
            found.append(fact | ({"step": name} if full else {}))
        return found


class _Facts(msgspec.Struct, frozen=True):
    """What both versions say, each in its own words."""

    wanted: Provenance
    invocation: Invocation
    materials: Materials
    config_source: Json
    asked: Json
    build_config: Json | None
    metadata: Json
    runs: list[Json]
    all_asked: bool
    hermetic: bool

    def slsa_1(self) -> Json:
        internal: Json = {"builderPlatform": str(platforms.host())}
        if self.build_config:
            internal["buildConfig"] = self.build_config
        complete = {"request": self.all_asked, "resolvedDependencies": not self.materials.locals}
        metadata: Json = {
            "invocationID": self.invocation.id,
            "startedOn": self.invocation.started,
            "finishedOn": self.invocation.finished,
            "buildkit_metadata": self.metadata,
            "buildkit_completeness": complete,
            "trimaran_runs": self.runs,
        }
        metadata |= {"buildkit_hermetic": True} if self.hermetic else {}
        metadata |= {"buildkit_reproducible": True} if self.wanted.reproducible else {}
        return {
            "buildDefinition": {
                "buildType": _BUILD_TYPE_1,
                "externalParameters": {"configSource": self.config_source, "request": self.asked},
                "internalParameters": internal,
                **({"resolvedDependencies": self.materials.found} if self.materials.found else {}),
            },
            "runDetails": {"builder": {"id": self.wanted.builder_id}, "metadata": metadata},
        }

    def slsa_02(self) -> Json:
        path = self.config_source["path"]
        source = {key: self.config_source[key] for key in self.config_source if key != "path"}
        metadata: Json = {
            "buildInvocationID": self.invocation.id,
            "buildStartedOn": self.invocation.started,
            "buildFinishedOn": self.invocation.finished,
            "completeness": {
                "parameters": self.all_asked,
                "environment": True,
                "materials": not self.materials.locals,
            },
            "reproducible": self.wanted.reproducible,
            f"{_BUILDKIT}#metadata": self.metadata,
            "trimaran_runs": self.runs,
        }
        metadata |= {f"{_BUILDKIT}#hermetic": True} if self.hermetic else {}
        found: Json = {
            "builder": {"id": self.wanted.builder_id},
            "buildType": _BUILDKIT,
            "invocation": {
                "configSource": {**source, "entryPoint": path},
                "parameters": self.asked,
                "environment": {"platform": str(platforms.host())},
            },
            "metadata": metadata,
        }
        found |= {"materials": self.materials.found} if self.materials.found else {}
        return found | ({"buildConfig": self.build_config} if self.build_config else {})


def _arguments(request: BuildRequest) -> dict[str, str]:
    """What was asked for, under the names that buildx gives it when it asks BuildKit."""
    found = {"target": request.target} if request.target else {}
    if request.no_cache or request.no_cache_stages:
        found["no-cache"] = ",".join(sorted(request.no_cache_stages))
    if request.run.network != "default":
        found["force-network-mode"] = request.run.network
    if request.run.hosts:
        found["add-hosts"] = ",".join(f"{name}={ip}" for name, ip in request.run.hosts.items())
    for name, value in request.build_args.items():
        found[f"build-arg:{name}"] = shown(value) if arguments.is_proxy(name) else value
    found |= {f"label:{name}": value for name, value in request.labels.items()}
    named = request.build_contexts.items()
    return found | {f"context:{name}": _address(name, context) for name, context in named}


def _address(name: str, context: Context) -> str:
    """Where a named context is; of this machine's folders nothing but the name is told."""
    match context:
        case FolderContext():
            return f"local:{name}"
        case ImageContext(reference=reference):
            return f"docker-image://{reference}"
        case LayoutContext(tag_or_digest=tag):
            return f"oci-layout://{name}{'@' if ':' in tag else ':'}{tag}"
        case GitContext(url=url) | UrlContext(url=url):
            return shown(url)


def _named(mounts: Sequence[SecretMount | SshMount]) -> list[Json]:
    """Each once; it is optional if no step requires it."""
    required: dict[str, bool] = {}
    for mount in mounts:
        required[mount.id] = required.get(mount.id, False) or mount.required
    return [
        {"id": name} | ({} if needed else {"optional": True}) for name, needed in required.items()
    ]

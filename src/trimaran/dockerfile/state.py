"""A stage while it is lowered: its file system, its config, its environment."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from trimaran.graph.steps import Step
from trimaran.oci.models import History, ImageConfig, RunConfig
from trimaran.platforms import Platform

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DEFAULT_SHELL = ("/bin/sh", "-c")


@dataclass
class StageState:
    """What instructions change.

    Attributes:
        step: the file system so far; None is the empty one.
        image: the config so far.
        platform: whose programs run.
        environment: what later instructions see: ENV and declared ARGs, the last one wins.
        declared: ARGs in order, with the values that they had when declared.
        has_cmd: CMD was set in this stage, so that ENTRYPOINT keeps it.
        scanning: BUILDKIT_SBOM_SCAN_STAGE, a truth value or names of stages; None says nothing.
        base_history: how many of the history's lines are the base image's own.
    """

    step: Step | None
    image: ImageConfig
    platform: Platform
    environment: dict[str, str] = field(default_factory=dict)
    declared: list[tuple[str, str | None]] = field(default_factory=list)
    has_cmd: bool = False
    scanning: str | None = None
    base_history: int = 0

    @property
    def config(self) -> RunConfig:
        return self.image.config

    @property
    def directory(self) -> str:
        """The working directory, absolute."""
        return self.config.working_dir or "/"

    def child(self) -> StageState:
        """The start of a stage FROM this one; triggers are run there and not inherited."""
        copy = replace(
            self,
            environment=dict(self.environment),
            declared=list(self.declared),
            has_cmd=False,
            scanning=None,
        )
        copy.set_config(on_build=None)
        return copy

    def begin(self) -> None:
        """What BuildKit gives every stage: a PATH, the image's environment, a clean directory."""
        pairs = env_pairs(self.config.env)
        if "PATH" not in pairs:
            pairs["PATH"] = DEFAULT_PATH
            self.set_config(env=env_words(pairs))
        self.environment.update(pairs)
        if self.config.working_dir:
            self.set_config(working_dir=join("/", self.config.working_dir))

    def set_config(self, **changes: object) -> None:
        """Change fields of the config."""
        config = msgspec.structs.replace(self.config, **changes)
        self.image = msgspec.structs.replace(self.image, config=config)

    def record(self, entry: History) -> None:
        """Add a history entry."""
        self.image = msgspec.structs.replace(self.image, history=(*self.image.history, entry))

    def command(self, arguments: tuple[str, ...], shell: bool) -> tuple[str, ...]:
        """An argument vector; a shell line goes behind the image's SHELL."""
        if not shell:
            return arguments
        return (*(self.config.shell or _DEFAULT_SHELL), " ".join(arguments))


def empty_image(platform: Platform) -> ImageConfig:
    """The config of `FROM scratch`, as BuildKit has it."""
    config = RunConfig(env=(f"PATH={DEFAULT_PATH}",), working_dir="/")
    return bare_image(platform, config)


def bare_image(platform: Platform, config: RunConfig | None = None) -> ImageConfig:
    """A config that says for what platform it is and nothing else."""
    return ImageConfig(
        architecture=platform.architecture,
        os=platform.os,
        variant=platform.variant,
        config=config or RunConfig(),
    )


def env_pairs(env: tuple[str, ...] | None) -> dict[str, str]:
    """A config's Env as names and values."""
    pairs: dict[str, str] = {}
    for word in env or ():
        name, _, value = word.partition("=")
        pairs[name] = value
    return pairs


def env_words(pairs: Mapping[str, str]) -> tuple[str, ...]:
    """Names and values as a config's Env."""
    return tuple(f"{name}={value}" for name, value in pairs.items())


def join(directory: str, path: str) -> str:
    """`path` seen from `directory`; BuildKit cleans a relative one only, an absolute one stays."""
    if path.startswith("/"):
        return path
    return clean(f"{directory}/{path}") if path else directory


def clean(path: str) -> str:
    """An absolute path without `.`, `..` and doubled slashes, lexically."""
    return posixpath.normpath(f"/{path.lstrip('/')}")

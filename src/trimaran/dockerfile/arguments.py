"""Build arguments: the predefined ones, those before the first FROM, proxies, unused ones.

The rules are those of the Dockerfile reference, section ARG.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.words import Expander
from trimaran.platforms import Platform

_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")
_PREFIX_OF_SETTINGS = "BUILDKIT_"
SCAN_STAGE = "BUILDKIT_SBOM_SCAN_STAGE"
SCANNING = frozenset({SCAN_STAGE, "BUILDKIT_SBOM_SCAN_CONTEXT"})
"""What an ARG of these names says is for the SBOM generator; no program sees it."""

_DEFAULT_TARGET = "default"
"""TARGETSTAGE where the last stage is built and has no name, as BuildKit has it."""


def predefined(
    platform: Platform, build_platform: Platform, target: str, build_args: Mapping[str, str]
) -> dict[str, str]:
    """The automatic arguments; `--build-arg` overrides them."""
    values = {
        **_of_platform("BUILD", build_platform),
        **_of_platform("TARGET", platform),
        "TARGETSTAGE": target or _DEFAULT_TARGET,
    }
    return {name: build_args.get(name, value) for name, value in values.items()}


def global_scope(
    dockerfile: df.Dockerfile, automatic: Mapping[str, str], build_args: Mapping[str, str]
) -> dict[str, str]:
    """What FROM may use, and what `ARG NAME` without a default takes in a stage.

    Raises:
        DockerfileError: a default cannot be expanded.
    """
    scope = dict(automatic)
    for instruction in dockerfile.arguments:
        expand = Expander(dockerfile.escape, scope, instruction.line)
        for name, default in instruction.variables:
            if name in build_args:
                scope[name] = build_args[name]
            elif default is not None:
                scope[name] = expand.word(default)
    return scope


def proxies(build_args: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables among the build arguments, for the environment of every RUN.

    Each comes in both spellings, upper and lower case. They are no part of a step's identity.
    """
    found = {name.lower(): value for name, value in sorted(build_args.items()) if is_proxy(name)}
    return {**{name.upper(): value for name, value in found.items()}, **found}


def is_proxy(name: str) -> bool:
    """Whether RUN knows this variable without a declaration."""
    return name.lower() in _PROXIES


def unused(
    build_args: Mapping[str, str], automatic: Iterable[str], declared: Iterable[df.Instruction]
) -> tuple[str, ...]:
    """The names in `build_args` that nothing takes, sorted.

    Args:
        build_args: what the user gave.
        automatic: the names of the predefined arguments.
        declared: instructions; the ARGs among them count.
    """
    known = {*automatic, "SOURCE_DATE_EPOCH"}
    for instruction in declared:
        if isinstance(instruction, df.Arg):
            known.update(name for name, _ in instruction.variables)
    return tuple(
        name
        for name in sorted(build_args.keys() - known)
        if not is_proxy(name) and not name.startswith(_PREFIX_OF_SETTINGS)
    )


def _of_platform(prefix: str, platform: Platform) -> dict[str, str]:
    return {
        f"{prefix}PLATFORM": str(platform),
        f"{prefix}OS": platform.os,
        f"{prefix}OSVERSION": platform.os_version,
        f"{prefix}ARCH": platform.architecture,
        f"{prefix}VARIANT": platform.variant,
    }

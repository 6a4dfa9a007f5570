"""All rules on one Dockerfile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.arguments import global_scope, predefined
from trimaran.dockerfile.checks.findings import Finding, Findings, config_of
from trimaran.dockerfile.checks.instructions import check_instructions, has_workdir
from trimaran.dockerfile.checks.portable import Family, check_portability
from trimaran.dockerfile.checks.stages import check_stages
from trimaran.dockerfile.lower import Lowered
from trimaran.platforms import Platform

CHECK_ARG = "BUILDKIT_DOCKERFILE_CHECK"
"""The build argument that wins over the directive."""


def check(
    dockerfile: df.Dockerfile,
    images: Mapping[Platform, Lowered],
    build_args: Mapping[str, str],
    build_platform: Platform,
    *,
    asked: bool,
) -> Findings:
    """What the rules find in a Dockerfile, each thing once for all platforms.

    Args:
        dockerfile: the checked file.
        images: what it was lowered to; empty if that could not be done.
        build_args: `--build-arg`.
        build_platform: this machine's.
        asked: a check was asked for, not a build.

    Raises:
        DockerfileError: the check directive cannot be read.
    """
    config = config_of(dockerfile, build_args.get(CHECK_ARG))
    found = Findings(dockerfile.source, config, asked=asked)
    platform = next(iter(images), build_platform)
    automatic = predefined(platform, build_platform, dockerfile.stages[-1].name, build_args)
    found.add(check_stages(dockerfile, global_scope(dockerfile, automatic, build_args)))
    family = Family(dockerfile.stages)
    for image in images.values():
        found.add(_in_stages(dockerfile, family, image))
        found.add(image.findings)
    return found


def _in_stages(dockerfile: df.Dockerfile, family: Family, image: Lowered) -> Iterator[Finding]:
    for number in image.stages:
        earlier = tuple(family.of(number))[1:]
        inherited = any(has_workdir(dockerfile.stages[one]) for one in earlier)
        yield from check_instructions(dockerfile.stages[number], has_workdir=inherited)
    yield from check_portability(dockerfile, family, image.stages, image.target)

"""What can be said of a Dockerfile without building it: broken rules, targets, arguments."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trimaran import platforms
from trimaran.build.checking import find
from trimaran.build.machine import Machine
from trimaran.build.opening import opened
from trimaran.build.outcomes import Outcomes
from trimaran.build.plan import lower_all
from trimaran.build.resolve import Resolver
from trimaran.dockerfile.arguments import global_scope, predefined
from trimaran.dockerfile.checks.findings import Finding
from trimaran.dockerfile.instructions import Dockerfile, Source
from trimaran.dockerfile.lower import Lowered
from trimaran.dockerfile.outline import Outline, Target, outline, targets
from trimaran.dockerfile.parse import parse
from trimaran.errors import DockerfileError, ImageError, RegistryError, TrimaranError
from trimaran.events import ignore
from trimaran.images.local import StoreImages
from trimaran.platforms import Platform
from trimaran.request import BuildRequest


class Checked(msgspec.Struct, frozen=True):
    """The outcome of `--check`.

    Attributes:
        findings: in the order of the lines.
        failure: why the Dockerfile cannot be built, if it cannot; rules that need what the
            failure kept back were not looked at.
    """

    dockerfile: Dockerfile
    findings: tuple[Finding, ...]
    failure: TrimaranError | None = None


def check_request(request: BuildRequest, machine: Machine) -> Checked:
    """Look at a Dockerfile: at the stages that a target needs, or at all of them.

    Nothing is built, pulled or written.

    Raises:
        ContextError: the context cannot be read.
        DockerfileError: the Dockerfile, or its check directive, cannot be read.
    """
    with machine.store.use(), opened(request, machine, ignore) as sources:
        dockerfile = parse(sources.dockerfile, request.dockerfile_name)
        images: Mapping[Platform, Lowered] = {}
        failure: TrimaranError | None = None
        try:
            images = _lowered(request, dockerfile, machine, all_stages=not request.target)
        except (DockerfileError, ImageError, RegistryError) as error:
            failure = error
        found = find(request, dockerfile, images, sources.folders, asked=True)
        return Checked(dockerfile, found.all, failure)


def targets_of(request: BuildRequest, machine: Machine) -> tuple[Source, tuple[Target, ...]]:
    """The stages that can be built, and the text that has them.

    Raises:
        DockerfileError: the Dockerfile cannot be read.
    """
    with machine.store.use(), opened(request, machine, ignore) as sources:
        dockerfile = parse(sources.dockerfile, request.dockerfile_name)
    return dockerfile.source, targets(dockerfile)


def outline_request(request: BuildRequest, machine: Machine) -> tuple[Source, Outline]:
    """What the request's target takes, for the first of its platforms.

    Raises:
        DockerfileError: the Dockerfile cannot be read or lowered.
        ImageError: bases are missing.
    """
    with machine.store.use(), opened(request, machine, ignore) as sources:
        dockerfile = parse(sources.dockerfile, request.dockerfile_name)
        image = next(iter(_lowered(request, dockerfile, machine).values()))
        platform = next(iter(request.platforms), platforms.host())
        name = request.target or dockerfile.stages[-1].name
        automatic = predefined(platform, platforms.host(), name, request.build_args)
        scope = global_scope(dockerfile, automatic, request.build_args)
        return dockerfile.source, outline(dockerfile, image, scope, request.build_args)


def _lowered(
    request: BuildRequest, dockerfile: Dockerfile, machine: Machine, *, all_stages: bool = False
) -> Mapping[Platform, Lowered]:
    resolver = Resolver(
        StoreImages(machine.store), machine.open_repository, request.build_contexts, request.pull
    )
    outcomes = Outcomes(request.platforms or (platforms.host(),), keep_going=False)
    return lower_all(request, dockerfile, resolver, outcomes, all_stages=all_stages)

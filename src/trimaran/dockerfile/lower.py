"""A Dockerfile to one platform's step graph and config: a pure function.

Only the stages that the target needs are lowered. Base images are values that the caller resolved;
what is not there yet comes back as `Needs`, and since a base's ONBUILD can name further images, the
caller resolves and lowers again until nothing is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trimaran.dockerfile import arguments
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.bases import (
    BaseKey,
    Contexts,
    Namer,
    find_target,
)
from trimaran.dockerfile.checks.findings import Finding
from trimaran.dockerfile.finish import finish
from trimaran.dockerfile.labels import StepLabel
from trimaran.dockerfile.lowering import Granted, Lowering
from trimaran.dockerfile.starts import BaseImage
from trimaran.graph.steps import (
    Network,
    Step,
)
from trimaran.oci.models import ImageConfig
from trimaran.platforms import Platform

__all__ = ["BaseImage", "BaseKey", "Lowered", "Needs", "StepLabel", "lower"]


class Lowered(msgspec.Struct, frozen=True):
    """One platform's image.

    Attributes:
        step: the last step of its file system; None is the empty one.
        config: complete but for creation times and diff IDs.
        labels: for people, by the step's `id()`; COPY sources and base layers included.
        base_history: how many of the history's lines are the base image's own.
        unused_build_args: names that nothing in the Dockerfile takes.
        stages: the numbers of the stages that it is made of, in order.
        target: the number of its own stage.
        findings: what rules of a check found in their values.
        bases: the images that its stages are made of.
        scanned: other stages that an SBOM generator is to look at, by name.
    """

    step: Step | None
    config: ImageConfig
    labels: Mapping[int, StepLabel]
    base_history: int = 0
    unused_build_args: tuple[str, ...] = ()
    stages: tuple[int, ...] = ()
    target: int = 0
    findings: tuple[Finding, ...] = ()
    bases: tuple[BaseKey, ...] = ()
    scanned: Mapping[str, Step | None] = msgspec.field(default_factory=dict)


class Needs(msgspec.Struct, frozen=True):
    """The bases that must be resolved first, each with the first line that names it."""

    lines: Mapping[BaseKey, df.Line]


def lower(
    dockerfile: df.Dockerfile,
    *,
    platform: Platform,
    build_platform: Platform,
    build_args: Mapping[str, str],
    target: str,
    labels: Mapping[str, str],
    local_contexts: frozenset[str],
    image_contexts: frozenset[str],
    bases: Mapping[BaseKey, BaseImage],
    network: Network = "default",
    entitlements: frozenset[str] = frozenset(),
    all_stages: bool = False,
) -> Lowered | Needs:
    """Lower a Dockerfile for one platform.

    Args:
        dockerfile: what `parse` gave.
        platform: the target's, normalised.
        build_platform: this machine's.
        build_args: `--build-arg`.
        target: `--target`, empty for the last stage.
        labels: `--label`; they win over the Dockerfile's.
        local_contexts: names of `--build-context` that are local folders.
        image_contexts: names of `--build-context` that are images; a `BaseKey` bears the name.
        bases: the images that were resolved so far.
        network: `--network`, for each RUN that does not say.
        entitlements: `--allow`: what a RUN may ask for.
        all_stages: whether stages that the target does not need are lowered as well.

    Raises:
        DockerfileError: an instruction cannot be carried out as written, or there is no such
            target; with its lines.
    """
    last = dockerfile.stages[-1].name
    automatic = arguments.predefined(platform, build_platform, target or last, build_args)
    scope = arguments.global_scope(dockerfile, automatic, build_args)
    namer = Namer(dockerfile, scope, platform, Contexts(local_contexts, image_contexts))
    granted = Granted(network, entitlements)
    lowering = Lowering(dockerfile, namer, namer.stages(), build_args, bases, granted)
    wanted = find_target(lowering.stages, target, dockerfile.source)
    order = lowering.reachable(lowering.stages if all_stages else (wanted,))
    if lowering.missing:
        return Needs(lowering.missing)
    for index in order:
        lowering.lower_stage(index)
    state = lowering.states[wanted.stage.index]
    declared = (*dockerfile.arguments, *lowering.all_instructions())
    return Lowered(
        state.step,
        finish(state.image, platform, labels),
        lowering.labels,
        state.base_history,
        arguments.unused(build_args, automatic, declared),
        tuple(order),
        wanted.stage.index,
        tuple(lowering.findings),
        tuple(sorted(lowering.used)),
        lowering.scanned(wanted.stage.index),
    )

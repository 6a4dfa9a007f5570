"""From a request to a plan: one graph for all platforms, and which of its steps must run."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping

import msgspec

from trimaran import platforms
from trimaran.build.outcomes import Outcomes
from trimaran.build.resolve import Resolver, together
from trimaran.build.results import Results
from trimaran.build.testing import with_tests
from trimaran.dockerfile.instructions import Dockerfile, Line
from trimaran.dockerfile.lower import BaseImage, BaseKey, Lowered, Needs, StepLabel, lower
from trimaran.errors import ContextError, DockerfileError, ImageError
from trimaran.graph.identity import ContentDigest, identities
from trimaran.graph.steps import Copy, Extract, Run, Step, chain, context_mounts, walk
from trimaran.platforms import Platform
from trimaran.request import ENTITLEMENTS, BuildRequest, FolderContext, GitContext, UrlContext


class Plan(msgspec.Struct, frozen=True):
    """All platforms' images as one graph.

    Attributes:
        images: what each platform's image is made of.
        identities: each step's identity, by the step's `id()`.
        replaces: identities of this build's runs that are to stand for older ones (`--no-cache`).
        tests: what must succeed on top of the images before they are published.
        wanted: the platforms that were asked for, in their order; empty if that is one image.
    """

    images: Mapping[Platform, Lowered]
    identities: Mapping[int, str]
    replaces: Mapping[str, str]
    tests: tuple[Run, ...] = ()
    wanted: tuple[Platform, ...] = ()

    @property
    def missing(self) -> tuple[Platform, ...]:
        """The platforms that were asked for and are not among the images."""
        return tuple(platform for platform in self.wanted if platform not in self.images)

    @property
    def is_multi_platform(self) -> bool:
        """Whether several platforms were asked for, whatever is left of them."""
        return len(self.wanted) > 1

    @property
    def targets(self) -> tuple[Step, ...]:
        """The last step of each platform's image; those of an empty file system are left out."""
        return tuple(image.step for image in self.images.values() if image.step is not None)

    @property
    def ends(self) -> tuple[Step, ...]:
        """What nothing else builds on: the targets, and the tests of them."""
        return (*self.targets, *self.tests)

    def only(self, kept: Collection[Platform]) -> Plan:
        """The plan of these of its platforms alone; the others are missing."""
        return msgspec.structs.replace(
            self,
            images={name: image for name, image in self.images.items() if name in kept},
            tests=tuple(test for test in self.tests if test.platform in kept),
        )

    def identity(self, step: Step) -> str:
        return self.identities[id(step)]

    def identities_of(self, step: Step | None) -> tuple[str, ...]:
        """Those of a file system's steps, base first."""
        return tuple(self.identity(link) for link in chain(step))

    def cacheable(self, *, all_steps: bool) -> tuple[Step, ...]:
        """The steps that a cache is to hold, inputs first; bases are where they are.

        Args:
            all_steps: those of intermediate stages too. A context that is only mounted is none.
        """
        steps = dict.fromkeys(step for target in self.targets for step in chain(target))
        if all_steps:
            mounted = {id(shown) for step in walk(self.targets) for shown in context_mounts(step)}
            others = (step for step in walk(self.targets) if id(step) not in mounted)
            steps = dict.fromkeys((*others, *steps))
        return tuple(step for step in steps if not isinstance(step, Extract))

    def label(self, step: Step) -> StepLabel:
        for image in self.images.values():
            if id(step) in image.labels:
                return image.labels[id(step)]
        text = f"extract {step.image}" if isinstance(step, Extract) else type(step).__name__
        return StepLabel(text, platforms.host(), (0, 0))


def make_plan(
    request: BuildRequest,
    dockerfile: Dockerfile,
    resolver: Resolver,
    content_digest: ContentDigest,
    results: Results,
    *,
    outcomes: Outcomes,
) -> Plan:
    """Lower the Dockerfile for every platform and name every step.

    `outcomes` knows the platforms; those that cannot be planned are lost in it.

    Raises:
        DockerfileError: the Dockerfile cannot be lowered, or what a COPY names cannot be read.
        ImageError: bases are missing.
        PlatformsError: no platform is left.
    """
    wanted = outcomes.left
    images = lower_all(request, dockerfile, resolver, outcomes)
    publish = any(output.type == "registry" for output in request.outputs)
    images, tests = with_tests(images, request.tests, publish=publish)
    replaces: dict[str, str] = {}
    known: dict[int, str] = {}
    nonce = secrets.token_hex(8)
    plan = Plan(images, known, replaces, tests, wanted)

    def runs_anew(step: Step) -> bool:
        if not request.no_cache_stages:
            return request.no_cache
        stage = dockerfile.stage_at(plan.label(step).lines[0])
        return stage is not None and stage.name in request.no_cache_stages

    def standing(step: Step, identity: str) -> str:
        if isinstance(step, Extract):
            return identity
        if not runs_anew(step):
            return results.replacement(identity)
        return replaces.setdefault(identity, f"{identity[:48]}{nonce}")

    def digest(step: Copy) -> str:
        try:
            return content_digest(step)
        except ContextError as error:
            lines = plan.label(step).lines
            raise dockerfile.source.error(error.message, lines, error.hint) from error

    for platform in images:
        try:
            known.update(identities(plan.only({platform}).ends, digest, standing))
        except DockerfileError as error:
            outcomes.lose({platform: [error]}, error)
    return plan.only(outcomes.left)


def lower_all(
    request: BuildRequest,
    dockerfile: Dockerfile,
    resolver: Resolver,
    outcomes: Outcomes,
    *,
    all_stages: bool = False,
) -> dict[Platform, Lowered]:
    """Lower and resolve in turns: what ONBUILD names is known only once its base is.

    Args:
        request: names the platforms' arguments and contexts.
        dockerfile: what is lowered.
        resolver: finds bases.
        outcomes: knows the platforms; those that cannot be lowered are lost in it.
        all_stages: whether stages that the target does not need are lowered as well.

    Raises:
        DockerfileError: it cannot be lowered.
        ImageError: bases are missing.
        PlatformsError: no platform is left.
    """
    bases: dict[BaseKey, BaseImage] = {}
    while True:
        lowered: dict[Platform, Lowered] = {}
        needs: dict[Platform, Mapping[BaseKey, Line]] = {}
        for platform in outcomes.left:
            match _lower(request, dockerfile, platform, bases, all_stages=all_stages):
                case Needs(lines=lines):
                    needs[platform] = lines
                case image:
                    lowered[platform] = image
        if not needs:
            return lowered
        lines = {key: line for own in needs.values() for key, line in own.items()}
        found, missing = resolver.resolve_all(lines)
        bases.update(found)
        if missing:
            gaps = {key: _located(gap, lines[key]) for key, gap in missing.items()}
            causes = {name: [gaps[key] for key in needs[name] if key in gaps] for name in needs}
            outcomes.lose(causes, together(gaps.values()))


def _located(gap: ImageError, line: Line) -> ImageError:
    """The same, with the place in the Dockerfile."""
    return type(gap)(f"{line.source.path}:{line.lines[0]}: {gap.message}", gap.hint)


def _lower(
    request: BuildRequest,
    dockerfile: Dockerfile,
    platform: Platform,
    bases: Mapping[BaseKey, BaseImage],
    *,
    all_stages: bool,
) -> Lowered | Needs:
    kinds = (FolderContext, GitContext, UrlContext)
    local = {name for name, context in request.build_contexts.items() if isinstance(context, kinds)}
    return lower(
        dockerfile,
        platform=platform,
        build_platform=platforms.host(),
        build_args=request.build_args,
        target=request.target,
        labels=request.labels,
        local_contexts=frozenset(local),
        image_contexts=frozenset(request.build_contexts.keys() - local),
        bases=bases,
        all_stages=all_stages,
        network=request.run.network,
        entitlements=ENTITLEMENTS if all_stages else request.run.entitlements,
    )

"""A step's identity: a digest of its definition and of its inputs' identities.

Equal identities mean equal results, so equal steps of two platforms, or of two builds, run once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import msgspec

from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    ContextFiles,
    Copy,
    Download,
    Extract,
    GitTree,
    InlineFiles,
    MakeFolder,
    Mount,
    Part,
    Run,
    Step,
    StepFiles,
    ground,
    inputs,
    walk,
)

_VERSION = "trimaran-step-3"
"""Changed when a step's meaning changes, so that older results are not taken for it."""

ContentDigest = Callable[[Copy], str]
"""The digest of what a COPY would copy from elsewhere than steps: paths, modes, contents."""

Standing = Callable[[Step, str], str]
"""The identity that stands for a step's own one: itself, or that of a run which replaced it."""


def itself(step: Step, identity: str) -> str:
    """The `Standing` of builds in which no step was replaced."""
    del step
    return identity


def identities(
    targets: Iterable[Step], content_digest: ContentDigest, standing: Standing = itself
) -> dict[int, str]:
    """The identity (64 hex digits) of every step that `targets` need, by the step's `id()`.

    A step that was run anew although its definition was known (`--no-cache`) has a new identity in
    the place of the old one, and so have the steps that build on it. That of a COPY --link says
    nothing of its parent; what is built upon it sees both.
    """
    known: dict[int, str] = {}
    trees: dict[int, str] = {}
    for step in walk(tuple(targets)):
        needed = tuple(trees[id(need)] for need in inputs(step))
        own = _digest(_VERSION, *_definition(step, content_digest), *needed)
        known[id(step)] = trees[id(step)] = standing(step, own)
        if step.parent is not None and ground(step) is None:
            trees[id(step)] = _digest("upon", trees[id(step.parent)], known[id(step)])
    return known


def _digest(*fields: object) -> str:
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def _definition(step: Step, content_digest: ContentDigest) -> tuple[object, ...]:
    rooted = ground(step) is not None
    match step:
        case Extract():
            return ("extract", rooted, step.diff_id)
        case Run():
            return (
                "run",
                rooted,
                step.arguments,
                step.environment,
                step.directory,
                step.user,
                str(step.platform),
                tuple(_mount(mount) for mount in step.mounts),
                step.network,
                step.security,
            )
        case Copy():
            return ("copy", rooted, _content(step, content_digest), *_copy_options(step))
        case MakeFolder():
            return ("make-folder", rooted, step.path, step.user)


def _mount(mount: Mount) -> tuple[object, ...]:
    """A mount's definition; the step that it shows is among the inputs."""
    fields = msgspec.structs.asdict(mount)
    if isinstance(mount, BindMount | CacheMount):
        fields["step"] = mount.step is not None
    return (type(mount).__name__, *fields.values())


def _content(step: Copy, content_digest: ContentDigest) -> str:
    outside = any(isinstance(p.source, ContextFiles | Download | GitTree) for p in step.parts)
    return content_digest(step) if outside else ""


def _copy_options(step: Copy) -> tuple[object, ...]:
    parts = tuple((_source(part), part.paths, part.unpack) for part in step.parts)
    return (
        parts,
        step.destination,
        step.owner,
        step.mode,
        step.link,
        step.keep_parents,
        step.excludes,
    )


def _source(part: Part) -> object:
    match part.source:
        case StepFiles(step=source):
            return "step" if source else "nothing"
        case InlineFiles(files=files):
            return files
        case source:
            return type(source).__name__

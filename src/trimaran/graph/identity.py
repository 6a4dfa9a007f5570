"""A step's identity: a digest of its definition and of its inputs' identities.

Equal identities mean equal results, so equal steps of two platforms, or of two builds, run once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import msgspec

from trimaran.graph.steps import (
    ContextFiles,
    Copy,
    Extract,
    MakeFolder,
    Run,
    Step,
    StepFiles,
    inputs,
    walk,
)

_VERSION = "trimaran-step-1"
"""Changed when a step's meaning changes, so that older results are not taken for it."""

ContentDigest = Callable[[Copy], str]
"""The digest of what a COPY from a local folder would copy: paths, modes, contents."""

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
    the place of the old one, and so have the steps that build on it.
    """
    known: dict[int, str] = {}
    for step in walk(tuple(targets)):
        fields = (_VERSION, *_definition(step, content_digest))
        fields += tuple(known[id(need)] for need in inputs(step))
        own = hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
        known[id(step)] = standing(step, own)
    return known


def _definition(step: Step, content_digest: ContentDigest) -> tuple[object, ...]:
    rooted = step.parent is not None
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
            )
        case Copy():
            return ("copy", rooted, _source(step, content_digest), *_copy_options(step))
        case MakeFolder():
            return ("make-folder", rooted, step.path, step.user)


def _source(step: Copy, content_digest: ContentDigest) -> tuple[str, ...]:
    match step.source:
        case ContextFiles():
            return ("context", content_digest(step))
        case StepFiles(step=source):
            return ("step" if source else "nothing",)


def _copy_options(step: Copy) -> tuple[object, ...]:
    return (step.paths, step.destination, step.owner, step.mode, step.unpack)

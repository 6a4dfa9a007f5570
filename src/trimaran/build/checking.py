"""Which rules a request's Dockerfile breaks, its ignore files looked at too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trimaran import platforms
from trimaran.build.contexts import Folders
from trimaran.dockerfile.checks.check import check
from trimaran.dockerfile.checks.findings import Finding, Findings
from trimaran.dockerfile.checks.values import ignored_source
from trimaran.dockerfile.instructions import Dockerfile
from trimaran.dockerfile.lower import Lowered
from trimaran.graph.steps import ContextFiles, Copy, walk
from trimaran.platforms import Platform
from trimaran.request import BuildRequest


def find(
    request: BuildRequest,
    dockerfile: Dockerfile,
    images: Mapping[Platform, Lowered],
    folders: Folders,
    *,
    asked: bool = False,
) -> Findings:
    """What the rules find, once for all platforms.

    Raises:
        DockerfileError: the check directive cannot be read.
    """
    found = check(dockerfile, images, request.build_args, platforms.host(), asked=asked)
    for image in images.values():
        found.add(_ignored(image, folders))
    return found


def _ignored(image: Lowered, folders: Folders) -> Iterator[Finding]:
    """What a COPY names and an ignore file leaves out."""
    for step in walk((image.step,) if image.step else ()):
        if not isinstance(step, Copy) or id(step) not in image.labels:
            continue
        for part in step.parts:
            if isinstance(part.source, ContextFiles):
                left_out = folders.find(part.source).ignore
                for path in part.paths:
                    yield from ignored_source(image.labels[id(step)], path, left_out)

"""Why an image holds files of another CPU: told from its history, or from the Dockerfile.

The four usual ones: the default of an ARG that the platform was to fill, an ARG that the stage does
not declare, a last stage FROM --platform=$BUILDPLATFORM, and a download of one fixed architecture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from trimaran import machines
from trimaran.platforms import Platform

_AUTOMATIC = ("TARGETARCH", "TARGETPLATFORM", "TARGETVARIANT")
_FETCHES = re.compile(r"\b(?:curl|wget|ADD|fetch|aria2c|axel)\b|https?://")
_EXTRA_NAMES = {
    "amd64": ("x86-64", "x64", "linux64", "x86_64"),
    "arm64": ("aarch64", "arm64v8", "armv8"),
    "arm": ("armv7", "armv6", "armhf", "armel", "arm32v7", "armv7l"),
    "386": ("i386", "i686", "x86", "linux32"),
}
_DECLARED = re.compile(r"\|(\d+) ")


class StageFacts(msgspec.Struct, frozen=True):
    """A stage of a Dockerfile, as far as causes are found in it.

    Attributes:
        line: of its FROM, 1-based.
        platform: what --platform was given, before expansion; empty if nothing.
        parent: the number of the stage that it is FROM; -1 for an image.
        arguments: what its ARGs declare: name, default (None without) and line.
        steps: its other instructions: line and text.
    """

    line: int
    platform: str = ""
    parent: int = -1
    arguments: tuple[tuple[str, str | None, int], ...] = ()
    steps: tuple[tuple[int, str], ...] = ()


def from_dockerfile(
    stages: Sequence[StageFacts], target: int, platform: Platform, machine: str
) -> str:
    """The likeliest cause of a file for `machine` in an image for `platform`; empty if none.

    Args:
        stages: all of the Dockerfile's.
        target: the number of the stage that was built.
        platform: the image's.
        machine: the OCI architecture of the file.
    """
    found = (
        *_last_stage(stages, target),
        *(cause for stage in stages for cause in _defaults(stage, platform)),
        *(cause for stage in stages for cause in _undeclared(stage, stages)),
        *(
            f"line {line}: {named}"
            for stage in stages
            for line, text in stage.steps
            if (named := _fixed_download(text, machine))
        ),
    )
    return next(iter(found), "")


def from_history(created_by: str, platform: Platform, machine: str) -> str:
    """The cause that the history's line of the step shows, as BuildKit writes it; empty if none.

    Args:
        created_by: the line: `RUN |1 TARGETARCH=amd64 /bin/sh -c … # buildkit`.
        platform: the image's.
        machine: the OCI architecture of the file.
    """
    declared = _declared(created_by)
    value = declared.get("TARGETARCH", platform.architecture)
    if value != platform.architecture:
        return (
            f"TARGETARCH was {value!r} in this step: a default in ARG TARGETARCH, or a --build-arg,"
            " wins over the platform"
        )
    for name in _AUTOMATIC:
        if name not in declared and _uses(created_by, name):
            return f"{name} is used but not declared: add ARG {name} to the stage"
    return _fixed_download(created_by, machine)


def _declared(created_by: str) -> dict[str, str]:
    match = _DECLARED.search(created_by)
    if not match:
        return {}
    words = created_by[match.end() :].split(" ", int(match[1]))
    return dict(word.partition("=")[::2] for word in words[: int(match[1])])


def _uses(text: str, name: str) -> bool:
    return re.search(rf"\$(?:{name}\b|\{{{name}\b)", text) is not None


def _last_stage(stages: Sequence[StageFacts], target: int) -> Iterator[str]:
    number, seen = target, 0
    while 0 <= stages[number].parent < number and seen < len(stages):
        number, seen = stages[number].parent, seen + 1
    stage = stages[number]
    if "BUILDPLATFORM" in stage.platform:
        yield (
            f"line {stage.line}: the last stage is FROM --platform={stage.platform}, so the image"
            " is of the machine that builds; leave --platform out there"
        )
    elif stage.platform and "TARGET" not in stage.platform and "$" not in stage.platform:
        yield f"line {stage.line}: the last stage is FROM --platform={stage.platform} for all"


def _defaults(stage: StageFacts, platform: Platform) -> Iterator[str]:
    meant = {"TARGETARCH": platform.architecture, "TARGETPLATFORM": str(platform)}
    for name, default, line in stage.arguments:
        if name in meant and default not in (None, "", meant[name]):
            yield (
                f"line {line}: the default in ARG {name}={default} wins over the platform;"
                f" write ARG {name}"
            )


def _undeclared(stage: StageFacts, stages: Sequence[StageFacts]) -> Iterator[str]:
    known = {name for one in _family(stage, stages) for name, _, _ in one.arguments}
    for line, text in stage.steps:
        for name in _AUTOMATIC:
            if name not in known and _uses(text, name):
                yield (
                    f"line {line}: {name} is used but not declared in this stage;"
                    f" add ARG {name} below its FROM"
                )


def _family(stage: StageFacts, stages: Sequence[StageFacts]) -> Iterator[StageFacts]:
    for _ in stages:
        yield stage
        if stage.parent < 0:
            return
        stage = stages[stage.parent]


def _fixed_download(text: str, machine: str) -> str:
    if not _FETCHES.search(text):
        return ""
    name = named_in(text, machine)
    return name and f"the step names {name} for every platform; take ${{TARGETARCH}} instead"


def named_in(text: str, machine: str) -> str:
    """The first name in `text` that is one of an OCI architecture's; empty if there is none."""
    row = machines.by_architecture(machine)
    if row is None:
        return ""
    names = {machine, row.debian, *row.uname_names, *_EXTRA_NAMES.get(machine, ())} - {""}
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    match = re.search(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", text)
    return match[0] if match else ""

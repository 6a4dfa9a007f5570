"""SOURCE_DATE_EPOCH in a Dockerfile: a number, the time of a context, or that of a stage's source.

The rules are those of BuildKit's frontend 1.24: an ARG before the first FROM gives the value where
no build argument does. A stage that is named must hold one ADD of a URL or a repository.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.bases import SCRATCH
from trimaran.dockerfile.copy_parts import copy_parts
from trimaran.dockerfile.words import Expander
from trimaran.graph.steps import ContextFiles, Download, GitTree

NAME = "SOURCE_DATE_EPOCH"
MAIN = "context"
"""The value that means the build context."""

EpochSource = int | ContextFiles | Download | GitTree


def find(
    dockerfile: df.Dockerfile, value: str, scope: Mapping[str, str], contexts: Collection[str]
) -> EpochSource:
    """What a value that is not empty means.

    Args:
        dockerfile: whose stages may be named.
        value: of the build argument, or of the ARG, expanded.
        scope: the arguments that FROM may use, build arguments included.
        contexts: the names of `--build-context`.

    Raises:
        DockerfileError: the value means nothing, or a stage is none that has a time.
    """
    if value.isascii() and value.isdigit():
        return int(value)
    if value == MAIN:
        return ContextFiles("")
    if value in contexts:
        return ContextFiles(value)
    for stage in dockerfile.stages:
        if stage.name and stage.name == value.lower():
            return _Stage(dockerfile.escape, stage, scope).source()
    lines = next((arg.line.lines for arg in dockerfile.arguments if _declares(arg)), (0, 0))
    raise dockerfile.source.error(
        f"invalid {NAME}: {value}",
        lines,
        "give whole seconds, such as $(git log -1 --pretty=%ct), context, or the name of a"
        " --build-context or of a stage",
    )


def settled(dockerfile: df.Dockerfile, value: str | None) -> df.Dockerfile:
    """The Dockerfile with the ARG's default settled: the seconds, or none at all."""
    found = tuple(
        msgspec.structs.replace(
            arg,
            variables=tuple(
                (name, value if name == NAME and default is not None else default)
                for name, default in arg.variables
            ),
        )
        for arg in dockerfile.arguments
    )
    return msgspec.structs.replace(dockerfile, arguments=found)


def _declares(arg: df.Arg) -> bool:
    return any(name == NAME for name, _ in arg.variables)


class _Stage(msgspec.Struct, frozen=True):
    """A stage that stands for the one source that it adds."""

    escape: str
    stage: df.Stage
    scope: Mapping[str, str]

    def source(self) -> Download | GitTree:
        environment = {name: self.scope[name] for name in self.scope if name != NAME}
        given = dict(environment)
        line = self.stage.line
        if Expander(self.escape, environment, line).word(self.stage.base) != SCRATCH:
            raise line.error(f"{NAME} stage must use FROM scratch")
        found: list[Download | GitTree] = []
        for instruction in self.stage.instructions:
            expand = Expander(self.escape, environment, instruction.line)
            match instruction:
                case df.Arg(variables=variables):
                    for name, default in variables:
                        if name not in given and default is not None:
                            environment[name] = expand.word(default)
                case df.Copy(is_add=True):
                    found.append(_added(instruction, expand))
                case _:
                    keyword = instruction.line.text.split(maxsplit=1)[0].upper()
                    raise instruction.line.error(
                        f"{NAME} stage does not meet source-only requirements: unsupported"
                        f" {keyword} instruction"
                    )
        if len(found) != 1:
            raise line.error(f"{NAME} stage must contain exactly one remote ADD")
        return found[0]


def _added(add: df.Copy, expand: Expander) -> Download | GitTree:
    if add.contents or len(add.sources) != 1:
        raise add.line.error(f"{NAME} stage must contain exactly one remote ADD source")
    path = expand.word(add.sources[0])
    (part,) = copy_parts(add, ContextFiles(""), (path,), expand.word(add.checksum))
    if isinstance(part.source, Download | GitTree):
        return part.source
    raise add.line.error(f"{NAME} stage source must be a single HTTP(S) or Git ADD")

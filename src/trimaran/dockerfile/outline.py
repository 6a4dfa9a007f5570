"""What a Dockerfile offers: its targets, and what a target takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.checks.stages import describing
from trimaran.dockerfile.lower import Lowered
from trimaran.dockerfile.words import Expander
from trimaran.errors import DockerfileError
from trimaran.graph.steps import Run, SecretMount, SshMount, walk


class Target(msgspec.Struct, frozen=True):
    """A stage that can be built; the last one is built where none is named.

    Attributes:
        description: from the comment above it, `# NAME TEXT`.
    """

    name: str
    default: bool
    description: str
    base: str
    platform: str
    lines: tuple[int, int]


class Argument(msgspec.Struct, frozen=True):
    """An ARG that a target takes, with the value that it would have."""

    name: str
    value: str
    description: str
    lines: tuple[int, int]


class Wanted(msgspec.Struct, frozen=True):
    """A secret or an SSH agent that a RUN asks for."""

    name: str
    required: bool
    lines: tuple[int, int]


class Outline(msgspec.Struct, frozen=True):
    """A target, and what it takes."""

    target: Target
    arguments: tuple[Argument, ...]
    secrets: tuple[Wanted, ...] = ()
    agents: tuple[Wanted, ...] = ()


def targets(dockerfile: df.Dockerfile) -> tuple[Target, ...]:
    """Every stage, in order."""
    last = dockerfile.stages[-1]
    return tuple(
        Target(
            stage.name,
            stage is last,
            _description(dockerfile.source, stage.line, stage.name),
            stage.base,
            stage.platform,
            stage.line.lines,
        )
        for stage in dockerfile.stages
    )


def outline(
    dockerfile: df.Dockerfile,
    image: Lowered,
    scope: Mapping[str, str],
    build_args: Mapping[str, str],
) -> Outline:
    """What building a target would take.

    Args:
        dockerfile: the checked file.
        image: what the target was lowered to.
        scope: automatic and global arguments.
        build_args: `--build-arg`.
    """
    found = {arg.name: arg for arg in _global(dockerfile, image.stages, scope)}
    for number in image.stages:
        for arg in _declared(dockerfile, dockerfile.stages[number], scope, build_args):
            found[arg.name] = arg
    by_line = sorted(found.values(), key=lambda arg: arg.lines)
    return Outline(
        targets(dockerfile)[image.target],
        tuple(by_line),
        _wanted(image, SecretMount),
        _wanted(image, SshMount),
    )


def _wanted(image: Lowered, kind: type[SecretMount | SshMount]) -> tuple[Wanted, ...]:
    """Each once, by its first line; required if any RUN requires it."""
    found: dict[str, Wanted] = {}
    for step in walk((image.step,) if image.step else ()):
        for mount in step.mounts if isinstance(step, Run) else ():
            if isinstance(mount, kind):
                new = Wanted(mount.id, mount.required, image.labels[id(step)].lines)
                old = found.get(mount.id, new)
                first = min(old.lines, new.lines)
                found[mount.id] = Wanted(mount.id, old.required or new.required, first)
    return tuple(sorted(found.values(), key=lambda one: one.lines))


def _global(
    dockerfile: df.Dockerfile, stages: Iterable[int], scope: Mapping[str, str]
) -> Iterator[Argument]:
    """The arguments before the first FROM that the stages use, in a FROM or by declaring them."""
    used = [dockerfile.stages[number] for number in stages]
    words = " ".join(f"{stage.base} {stage.platform}" for stage in used)
    inherited = {
        name
        for stage in used
        for line in stage.instructions
        if isinstance(line, df.Arg)
        for name, default in line.variables
        if default is None
    }
    for arg in dockerfile.arguments:
        for name, _ in arg.variables:
            if name in inherited or f"${name}" in words or f"${{{name}" in words:
                description = _description(dockerfile.source, arg.line, name)
                yield Argument(name, scope.get(name, ""), description, arg.line.lines)


def _declared(
    dockerfile: df.Dockerfile,
    stage: df.Stage,
    scope: Mapping[str, str],
    build_args: Mapping[str, str],
) -> Iterator[Argument]:
    """A stage's own arguments; those that only let in a global one are listed as that one."""
    known = dict(scope)
    for arg in stage.instructions:
        if not isinstance(arg, df.Arg):
            continue
        for name, default in arg.variables:
            if default is None and name in scope:
                continue
            value = build_args.get(name)
            if value is None:
                value = _value(Expander(dockerfile.escape, known, arg.line), default)
            known[name] = value
            description = _description(dockerfile.source, arg.line, name)
            yield Argument(name, value, description, arg.line.lines)


def _value(expand: Expander, default: str | None) -> str:
    try:
        return expand.word(default or "")
    except DockerfileError:
        return default or ""


def _description(source: df.Source, line: df.Line, name: str) -> str:
    for comment in describing(source, line):
        word, _, text = comment.partition(" ")
        if name and word == name:
            return text.strip()
    return ""

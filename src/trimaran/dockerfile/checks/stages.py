"""Rules that need no more than the text: names, casing, FROM and its arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from trimaran import platforms, references
from trimaran.dockerfile import arguments
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.checks import rules
from trimaran.dockerfile.checks.findings import Finding, comments_above
from trimaran.dockerfile.suggest import nearest
from trimaran.dockerfile.words import Expander, Watched
from trimaran.errors import DockerfileError, InvalidReferenceError, PlatformError

_RESERVED = ("context", "scratch")
_AS_PARTS = 3
_CHECK = re.compile(r"#\s*check\s*=")


def check_stages(dockerfile: df.Dockerfile, scope: Mapping[str, str]) -> Iterator[Finding]:
    """The findings of rules that look at every stage, built or not.

    Args:
        dockerfile: the checked file.
        scope: what FROM may use: automatic and global arguments.
    """
    for line in dockerfile.empty_continuations:
        yield Finding(rules.NO_EMPTY_CONTINUATION, "Empty continuation line", (line, line))
    yield from _casing(dockerfile)
    yield from _defaults(dockerfile, scope)
    seen: set[str] = set()
    for stage in dockerfile.stages:
        yield from _name(stage, seen)
        yield from _arguments(dockerfile, stage, scope)
        yield from _platform(dockerfile, stage, scope)
        yield from _descriptions(dockerfile.source, stage)
        for instruction in stage.instructions:
            if isinstance(instruction, df.Maintainer):
                detail = "Maintainer instruction is deprecated in favor of using label"
                yield Finding(rules.MAINTAINER_DEPRECATED, detail, instruction.line.lines)


def _casing(dockerfile: df.Dockerfile) -> Iterator[Finding]:
    lines = [line for stage in dockerfile.stages for line in _lines(stage)]
    words = [line.text.split(maxsplit=1)[0] for line in lines]
    lower = sum(word == word.lower() for word in words)
    upper = sum(word == word.upper() for word in words)
    wanted = "lowercase" if lower > upper else "uppercase"
    for line, word in zip(lines, words, strict=True):
        if word != (word.lower() if lower > upper else word.upper()):
            detail = f"Command '{word}' should match the case of the command majority ({wanted})"
            yield Finding(rules.CONSISTENT_INSTRUCTION_CASING, detail, line.lines)


def _lines(stage: df.Stage) -> Iterator[df.Line]:
    yield stage.line
    for instruction in stage.instructions:
        yield instruction.line


def _name(stage: df.Stage, seen: set[str]) -> Iterator[Finding]:
    if not stage.name:
        return
    words = stage.line.text.split()
    keyword, as_word, written = words[0], words[-2], words[-1]
    if written != written.lower():
        detail = f"Stage name '{written}' should be lowercase"
        yield Finding(rules.STAGE_NAME_CASING, detail, stage.line.lines)
    if (keyword.isupper(), keyword.islower()) != (as_word.isupper(), as_word.islower()):
        detail = f"'{as_word}' and '{keyword}' keywords' casing do not match"
        yield Finding(rules.FROM_AS_CASING, detail, stage.line.lines)
    if stage.name in _RESERVED:
        detail = f'Stage name should not use the same name as reserved stage "{stage.name}"'
        yield Finding(rules.RESERVED_STAGE_NAME, detail, stage.line.lines)
    if stage.name in seen:
        detail = f'Duplicate stage name "{stage.name}", stage names should be unique'
        yield Finding(rules.DUPLICATE_STAGE_NAME, detail, stage.line.lines)
    seen.add(stage.name)


def _arguments(
    dockerfile: df.Dockerfile, stage: df.Stage, scope: Mapping[str, str]
) -> Iterator[Finding]:
    declared = {name for arg in dockerfile.arguments for name, _ in arg.variables} | scope.keys()
    for word in (stage.base, stage.platform):
        _, _, missed = _expanded(dockerfile, stage, word, scope)
        for name in sorted(missed - declared):
            near = nearest(name, declared)
            detail = f"FROM argument '{name}' is not declared"
            detail += f" (did you mean {near}?)" if near else ""
            yield Finding(rules.UNDEFINED_ARG_IN_FROM, detail, stage.line.lines)


def _platform(
    dockerfile: df.Dockerfile, stage: df.Stage, scope: Mapping[str, str]
) -> Iterator[Finding]:
    if not stage.platform:
        return
    result, matched, missed = _expanded(dockerfile, stage, stage.platform, scope)
    if matched == {"TARGETPLATFORM"} and not missed and result == scope["TARGETPLATFORM"]:
        detail = (
            f"Setting platform to predefined {stage.platform} in FROM is redundant as this is the"
            " default behavior"
        )
        yield Finding(rules.REDUNDANT_TARGET_PLATFORM, detail, stage.line.lines)
    if not matched and not missed and _is_unnamed(result, stage.name):
        detail = f'FROM --platform flag should not use constant value "{result}"'
        yield Finding(rules.FROM_PLATFORM_FLAG_CONST_DISALLOWED, detail, stage.line.lines)


def _is_unnamed(platform: str, stage: str) -> bool:
    """Whether a stage's name says nothing of the platform that it is fixed to."""
    try:
        found = platforms.parse(platform)
    except PlatformError:
        return False
    return found.os not in stage and found.architecture not in stage


def _defaults(dockerfile: df.Dockerfile, scope: Mapping[str, str]) -> Iterator[Finding]:
    """Names of bases that are none if nobody gives a --build-arg."""
    names = {name for arg in dockerfile.arguments for name, _ in arg.variables}
    automatic = {name: value for name, value in scope.items() if name not in names}
    try:
        alone = arguments.global_scope(dockerfile, automatic, {})
    except DockerfileError:
        return
    for stage in dockerfile.stages:
        try:
            references.parse(_expanded(dockerfile, stage, stage.base, alone)[0])
        except InvalidReferenceError:
            detail = f"Default value for ARG {stage.base} results in empty or invalid base image"
            yield Finding(rules.INVALID_DEFAULT_ARG_IN_FROM, f"{detail} name", stage.line.lines)


def _descriptions(source: df.Source, stage: df.Stage) -> Iterator[Finding]:
    if stage.name:
        yield from _described(source, stage.line, "FROM", (stage.name,))
    for instruction in stage.instructions:
        if isinstance(instruction, df.Arg):
            names = tuple(name for name, _ in instruction.variables)
            yield from _described(source, instruction.line, "ARG", names)


def _described(
    source: df.Source, line: df.Line, keyword: str, names: tuple[str, ...]
) -> Iterator[Finding]:
    comments = describing(source, line)
    if not comments or comments[-1].split(" ")[0] in names:
        return
    example = names[0] if len(names) == 1 else "<arg_key>"
    detail = f"Comment for {keyword} should follow the format: `# {example} <description>`"
    yield Finding(rules.INVALID_DEFINITION_DESCRIPTION, detail, line.lines)


def describing(source: df.Source, line: df.Line) -> list[str]:
    """The texts of the comments right above an instruction, those for checks left out."""
    comments = comments_above(source.lines, line.lines[0])
    return [text.removeprefix("#").strip() for text in comments if not _CHECK.match(text)]


def _expanded(
    dockerfile: df.Dockerfile, stage: df.Stage, word: str, scope: Mapping[str, str]
) -> tuple[str, set[str], set[str]]:
    """A word's value, and the names in it that have a value and that have none."""
    watched = Watched(scope)
    try:
        value = Expander(dockerfile.escape, watched, stage.line).word(word)
    except DockerfileError:
        value = ""
    return value, watched.matched, watched.missed


def names_of(instructions: Iterable[df.Instruction]) -> set[str]:
    """The names that ARGs among `instructions` declare."""
    return {
        name
        for instruction in instructions
        if isinstance(instruction, df.Arg)
        for name, _ in instruction.variables
    }

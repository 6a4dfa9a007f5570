"""This project's own rules: what makes images hold programs of another CPU, or builds slow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from trimaran import machines
from trimaran.audit import causes
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.checks import rules
from trimaran.dockerfile.checks.findings import Finding
from trimaran.dockerfile.checks.stages import names_of

_AUTOMATIC = tuple(
    f"{side}{part}"
    for side in ("TARGET", "BUILD")
    for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)
_DECIDES = re.compile(
    r"TARGETARCH|TARGETPLATFORM|TARGETVARIANT|\buname\b|--print-(?:foreign-)?arch|\barch\)"
)
_URL = re.compile(r"(?:https?|ftp)://[^\s\"'<>|;)]+")
_COMPILERS = re.compile(
    r"(?<![\w./-])(?:make|ninja|gcc|g\+\+|clang|rustc|mvn|gradle|"
    r"(?:cargo|go|cmake --|bazel|dotnet|stack|cabal) ?(?:build|install|test)|"
    r"(?:npm|pnpm|yarn) (?:ci|install|run build)|pip3? (?:install|wheel))(?![\w-])"
)
# To the end of the command, over continued lines and comments between them.
_PACKAGES = re.compile(
    r"(?<![\w./-])(?:apt-get|apt|apk|dnf|microdnf|yum|zypper|pacman)\s"
    r"(?:\\\s*\n(?:\s*#.*\n)*|[^;&|\n])*"
)


class Family:
    """Which stage is FROM which."""

    def __init__(self, stages: Sequence[df.Stage]) -> None:
        named: dict[str, int] = {}
        self._parents: list[int] = []
        for stage in stages:
            self._parents.append(named.get(stage.base, -1))
            if stage.name:
                named[stage.name] = stage.index

    def of(self, number: int) -> Iterator[int]:
        """A stage and those that it is FROM, down to the one that is FROM an image."""
        while number >= 0:
            yield number
            number = self._parents[number]


def check_portability(
    dockerfile: df.Dockerfile, family: Family, reached: Sequence[int], target: int
) -> Iterator[Finding]:
    """The findings in the stages that are built.

    Args:
        dockerfile: the checked file.
        family: of its stages.
        reached: the numbers of the stages that are built.
        target: the one that becomes the image.
    """
    stages, texts = dockerfile.stages, dockerfile.source.lines
    yield from _last(stages[tuple(family.of(target))[-1]])
    for number in reached:
        members = [stages[one] for one in family.of(number)]
        known = set().union(*(names_of(member.instructions) for member in members))
        native = any("BUILD" in member.platform for member in members)
        for instruction in stages[number].instructions:
            yield from _in(instruction, texts, known, native=native)


def _in(
    instruction: df.Instruction, texts: Sequence[str], known: set[str], *, native: bool
) -> Iterator[Finding]:
    line = instruction.line
    text = _text(texts, line)
    match instruction:
        case df.Arg():
            yield from _defaults(instruction)
        case df.Run():
            yield from _undeclared(line, text, known)
            yield from _downloads(line, text)
            yield from () if native else _slow(line, text)
        case df.Copy():
            yield from _downloads(line, text)


def _text(texts: Sequence[str], line: df.Line) -> str:
    """The instruction as written, heredocs included; a trigger stands in no file."""
    if line.is_trigger:
        return line.text
    first, last = line.lines
    return "\n".join(texts[first - 1 : last])


def _last(first: df.Stage) -> Iterator[Finding]:
    if "BUILDPLATFORM" in first.platform:
        detail = (
            f"The image is built FROM --platform={first.platform}, so it holds files of the"
            " building machine for every platform: leave --platform out there"
        )
        yield Finding(rules.BUILD_PLATFORM_IN_LAST_STAGE, detail, first.line.lines)


def _defaults(arg: df.Arg) -> Iterator[Finding]:
    for name, default in arg.variables:
        if name in _AUTOMATIC and default is not None:
            detail = f"The default in ARG {name}={default} wins over the platform: write ARG {name}"
            yield Finding(rules.TARGET_ARG_DEFAULT, detail, arg.line.lines)


def _undeclared(line: df.Line, text: str, known: set[str]) -> Iterator[Finding]:
    for name in _AUTOMATIC:
        used = re.search(rf"\$(?:{name}\b|\{{{name}\b(?!:?[-+=]))", text)
        if name not in known and used and not re.search(rf"\b{name}=", text):
            detail = f"${name} is empty here, since the stage does not declare it: add ARG {name}"
            yield Finding(rules.UNDECLARED_PLATFORM_ARG, detail, line.lines)


def _downloads(line: df.Line, text: str) -> Iterator[Finding]:
    if _DECIDES.search(text):
        return
    for url in _URL.findall(text):
        for row in machines.MACHINES:
            if name := causes.named_in(url, row.architecture):
                detail = (
                    f"The download names {name} for every platform ({url}): choose by TARGETARCH"
                )
                yield Finding(rules.FIXED_ARCHITECTURE_DOWNLOAD, detail, line.lines)
                break


def _slow(line: df.Line, text: str) -> Iterator[Finding]:
    if match := _COMPILERS.search(_PACKAGES.sub("", text)):
        detail = (
            f"`{match[0]}` runs for the target platform: where that is emulated, a stage FROM"
            " --platform=$BUILDPLATFORM that compiles for ${TARGETARCH} is faster"
        )
        yield Finding(rules.SLOW_WHEN_EMULATED, detail, line.lines)

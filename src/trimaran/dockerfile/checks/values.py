"""Rules that need what an instruction's words become, looked at while a stage is lowered."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from e2b_dockerfile_utils import PatternMatcher

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.checks import rules
from trimaran.dockerfile.checks.findings import Finding
from trimaran.dockerfile.labels import StepLabel
from trimaran.dockerfile.suggest import nearest
from trimaran.platforms import Platform

_ROOT_PATTERNS = {"*", "**", "**/*"}


def undefined(line: df.Line, missed: Iterable[str], known: Iterable[str]) -> Iterator[Finding]:
    """Names that were used and have no value.

    Args:
        line: the instruction's.
        missed: the names.
        known: those that have one, for a hint.
    """
    options = tuple(known)
    for name in sorted(missed):
        near = nearest(name, options)
        detail = f"Usage of undefined variable '${name}'"
        detail += f" (did you mean ${near}?)" if near else ""
        yield Finding(rules.UNDEFINED_VAR, detail, line.lines)


def shell_form(instruction: df.Cmd | df.Entrypoint, *, has_shell: bool) -> Iterator[Finding]:
    """A shell between the program and its signals, unless SHELL asks for it."""
    if instruction.shell and not has_shell:
        keyword = "CMD" if isinstance(instruction, df.Cmd) else "ENTRYPOINT"
        detail = (
            f"JSON arguments recommended for {keyword} to prevent unintended behavior related to"
            " OS signals"
        )
        yield Finding(rules.JSON_ARGS_RECOMMENDED, detail, instruction.line.lines)


def port(line: df.Line, word: str) -> Iterator[Finding]:
    """A word of EXPOSE, after expansion."""
    mapping, _, protocol = word.partition("/")
    if ":" in mapping:
        detail = "EXPOSE instruction should not define an IP address or host-port mapping"
        yield Finding(rules.EXPOSE_INVALID_FORMAT, f"{detail}, found '{word}'", line.lines)
    if protocol != protocol.lower():
        detail = f"Defined protocol '{word}' in EXPOSE instruction should be lowercase"
        yield Finding(rules.EXPOSE_PROTO_CASING, detail, line.lines)


def base_platform(
    line: df.Line, name: str, expected: Platform, actual: Platform
) -> Iterator[Finding]:
    """A base that says to be of another platform than the stage's."""
    if (expected.os, expected.architecture) != (actual.os, actual.architecture):
        detail = (
            f'Base image {name} was pulled with platform "{actual}", expected "{expected}" for'
            " current build"
        )
        yield Finding(rules.INVALID_BASE_IMAGE_PLATFORM, detail, line.lines)


def ignored_source(label: StepLabel, path: str, ignore: PatternMatcher | None) -> Iterator[Finding]:
    """A source of a COPY that an ignore file leaves out, unless something in it may come back.

    Args:
        label: of the COPY's step.
        path: the source, expanded.
        ignore: the context's; None if it has none.
    """
    name = posixpath.normpath(path).strip("/")
    if ignore is None or (name in ("", ".") and not _ROOT_PATTERNS & set(ignore.patterns)):
        return
    if ignore.may_match_under(name) or not ignore.matches(name):
        return
    keyword = "Add" if "] ADD" in label.text else "Copy"
    detail = f'Attempting to {keyword} file "{name}" that is excluded by .dockerignore'
    yield Finding(rules.COPY_IGNORED_FILE, detail, label.lines)

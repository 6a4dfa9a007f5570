"""Rules for the instructions of one stage, as far as they need no values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.checks import rules
from trimaran.dockerfile.checks.findings import Finding

_SECRET_WORDS = (
    *("apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd"),
    *("secret", "token"),
)
_HARMLESS_WORDS = ("public", "file", "version")
_SECRET, _HARMLESS = (
    re.compile(rf"(?:_|^)(?:{'|'.join(words)})(?:_|$)", re.IGNORECASE)
    for words in (_SECRET_WORDS, _HARMLESS_WORDS)
)
_SINGLE = {df.Cmd: "CMD", df.Entrypoint: "ENTRYPOINT", df.HealthCheck: "HEALTHCHECK"}


def check_instructions(stage: df.Stage, *, has_workdir: bool) -> Iterator[Finding]:
    """The findings in one stage.

    Args:
        stage: the stage.
        has_workdir: a stage that it is FROM has a WORKDIR of its own.
    """
    last: dict[type[df.Instruction], df.Line] = {}
    for instruction in stage.instructions:
        match instruction:
            case df.Workdir(path=path, line=line):
                if not has_workdir and not path.startswith("/"):
                    yield _relative(path, line)
                has_workdir = True
            case df.Env() | df.Label() | df.Arg():
                yield from _pairs(instruction)
            case df.Cmd() | df.Entrypoint() | df.HealthCheck():
                if former := last.get(type(instruction)):
                    yield _repeated(_SINGLE[type(instruction)], former)
                last[type(instruction)] = instruction.line


def has_workdir(stage: df.Stage) -> bool:
    """Whether a stage has a WORKDIR."""
    return any(isinstance(instruction, df.Workdir) for instruction in stage.instructions)


def _relative(path: str, line: df.Line) -> Finding:
    detail = f'Relative workdir "{path}" can have unexpected results if the base image changes'
    return Finding(rules.WORKDIR_RELATIVE_PATH, detail, line.lines)


def _repeated(keyword: str, former: df.Line) -> Finding:
    """At the earlier one, which is the one without effect."""
    detail = (
        f"Multiple {keyword} instructions should not be used in the same stage because only the"
        " last one will be used"
    )
    return Finding(rules.MULTIPLE_INSTRUCTIONS_DISALLOWED, detail, former.lines)


def _pairs(instruction: df.Env | df.Label | df.Arg) -> Iterator[Finding]:
    lines = instruction.line.lines
    if isinstance(instruction, df.Env | df.Label) and instruction.legacy:
        keyword = "ENV" if isinstance(instruction, df.Env) else "LABEL"
        detail = (
            f'"{keyword} key=value" should be used instead of legacy "{keyword} key value" format'
        )
        yield Finding(rules.LEGACY_KEY_VALUE_FORMAT, detail, lines)
    if isinstance(instruction, df.Label):
        return
    keyword = "ENV" if isinstance(instruction, df.Env) else "ARG"
    named = instruction.pairs if isinstance(instruction, df.Env) else instruction.variables
    for name, _ in named:
        if _SECRET.search(name) and not _HARMLESS.search(name):
            detail = "Do not use ARG or ENV instructions for sensitive data"
            yield Finding(rules.SECRETS_USED_IN_ARG_OR_ENV, f'{detail} ({keyword} "{name}")', lines)

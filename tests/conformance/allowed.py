"""The differences that are allowed, one by one, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.conformance.cases.gather import CASES

Config = dict[str, Any]


@dataclass(frozen=True)
class Omission:
    """What is taken out of both configs before they are compared, and why."""

    reason: str
    take_out: Callable[[Config], None]


def _times(config: Config) -> None:
    config.pop("created", None)
    for entry in config.get("history") or ():
        entry.pop("created", None)


def _diff_ids(config: Config) -> None:
    config["rootfs"]["diff_ids"] = len(config["rootfs"]["diff_ids"] or ())


def _history_and_layers(config: Config) -> None:
    del config["history"], config["rootfs"]


ALWAYS = Omission(
    "Layers are compared file by file. Their digests hold the times of files that steps write, and "
    "the order in which they are packed; how many there are is compared.",
    _diff_ids,
)
WITHOUT_EPOCH = Omission(
    "Two builds are not at the same time; with SOURCE_DATE_EPOCH they are.", _times
)
SAME_AS = Omission(
    "The engine is too old for the case and got another Dockerfile that means the same, which may "
    "have more steps.",
    _history_and_layers,
)


@dataclass(frozen=True)
class Allowance:
    """A line of `differences` that is passed over.

    Attributes:
        reason: why.
        line: a regular expression for the beginning of the line, behind `-` or `+`.
        cases: which cases it is for, as a shell's pattern.
    """

    reason: str
    line: str
    cases: str = "*"

    def among(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if fnmatchcase(name, self.cases)]

    def covers(self, case: str, line: str) -> bool:
        return bool(self.among([case])) and re.match(self.line, line) is not None


_CREATED_BY = r"config\.history\[\d+\]\.created_by: ['\"]"
_OLDER = "BuildKit of 2026 does as trimaran; the engine's is older. "
ALLOWANCES = (
    Allowance(_OLDER + "It says ARG as written, not with its value.", _CREATED_BY + "ARG "),
    Allowance(_OLDER + "It prints a map of Go.", _CREATED_BY + "EXPOSE "),
    Allowance(_OLDER + "It prints a pointer of Go.", _CREATED_BY + "HEALTHCHECK "),
    Allowance(
        _OLDER + "It counts an ARG twice that is declared twice.",
        _CREATED_BY + r"RUN \|",
        "run-environment-args*",
    ),
    Allowance(
        _OLDER + "It does not count the ARGs of a stage that this one is FROM.",
        _CREATED_BY + r"RUN ",
        "arg-inherited-*",
    ),
    Allowance(
        _OLDER + "It does not apply an octal mode to folders that are made for the destination.",
        r"/x(/y)?: mode",
        "chmod-*",
    ),
    Allowance(
        "It shows the first of two directives, trimaran the second, which is one too many.",
        "refused at line ",
        "directive-twice",
    ),
    Allowance(
        "It shows the first comment of a file that has nothing else.",
        "refused at line ",
        "only-comments",
    ),
    Allowance(_OLDER + "The same, with --link.", r"/x(/y)?: mode", "link-chown"),
    Allowance(_OLDER + "The same, with ADD.", r"/x: mode", "add-flags"),
    Allowance(
        _OLDER + "It does not apply --chown to what is unpacked.",
        "/x/y/.*owner",
        "add-archive-chown",
    ),
    Allowance(
        "Emulated steps get settings of Go and .NET that keep QEMU from failing, as documented.",
        r"/env: (size|content)",
        "run-environment*",
    ),
    Allowance(
        "The engine is itself in a user namespace and mounts no /sys, so it leaves none.",
        "/sys: ",
        "run-in-scratch*",
    ),
    Allowance(
        "The engine is itself in a user namespace, where the kernel takes setuid bits from a file "
        "that is written to; a BuildKit of root keeps them.",
        "/x/[es]: mode",
        "setuid-of-context",
    ),
    Allowance(
        _OLDER + "It passes over what is behind a JSON list.",
        r"config\.config\.(Cmd|ArgsEscaped): |" + _CREATED_BY + "CMD ",
        "json-trailing",
    ),
    Allowance(
        _OLDER + "It keeps the base's time of creation where that is earlier.",
        r"config\.created: ",
    ),
    Allowance(
        "A layer that has no entry in the history: BuildKit's exporter puts one behind the others, "
        "with the name of a step.",
        r"config\.history\[[01]\]",
        "context-over-image",
    ),
)


def left_over(case: str, lines: Iterable[str]) -> tuple[list[str], set[Allowance]]:
    """The lines that no allowance covers, and the allowances that covered one."""
    left, used = [], set()
    for line in lines:
        covering = [allowance for allowance in ALLOWANCES if allowance.covers(case, line[2:])]
        used.update(covering)
        if not covering:
            left.append(line)
    return left, used


def not_needed(judged: Mapping[str, Collection[Allowance]]) -> list[Allowance]:
    """The allowances that no difference used.

    Args:
        judged: what each case that was built used. An allowance for a case that was not is left
            out, since nobody knows.
    """
    used = set().union(*judged.values())
    return [
        allowance
        for allowance in ALLOWANCES
        if allowance not in used and set(allowance.among(CASES)) <= set(judged)
    ]

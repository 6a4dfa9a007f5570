"""What a check found, and which of it counts: `# check=skip=…;error=true;experimental=…`."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from trimaran.dockerfile.checks.rules import Rule
from trimaran.dockerfile.instructions import Dockerfile, Source
from trimaran.errors import DockerfileError

_COMMENT = re.compile(r"#\s*check\s*=\s*(.+?)\s*")
_ALL = "all"


class Finding(msgspec.Struct, frozen=True):
    """One thing that a rule is broken by.

    Attributes:
        detail: what it is, a sentence without a full stop.
        lines: first and last line, 1-based.
    """

    rule: Rule
    detail: str
    lines: tuple[int, int]

    @property
    def text(self) -> str:
        """The finding in a line."""
        return f"{self.rule.name}: {self.detail} (line {self.lines[0]})"


class Config(msgspec.Struct, frozen=True):
    """What is looked at; experimental rules are named apart, and skip does not reach them."""

    skip: frozenset[str] = frozenset()
    experimental: frozenset[str] = frozenset()
    error: bool = False

    def counts(self, rule: Rule) -> bool:
        """Whether findings of `rule` are told."""
        if rule.experimental:
            return not self.experimental.isdisjoint((_ALL, rule.name))
        return self.skip.isdisjoint((_ALL, rule.name))


def parse_config(text: str) -> Config:
    """Read the value of a `check` directive.

    Raises:
        ValueError: an option or a value is unknown.
    """
    skip: frozenset[str] = frozenset()
    experimental: frozenset[str] = frozenset()
    error = False
    for option in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, value = (part.strip() for part in option.partition("="))
        match name:
            case "skip" if equals:
                skip = _names(value)
            case "experimental" if equals:
                experimental = _names(value)
            case "error" if value.lower() in ("true", "false", "1", "0", "t", "f"):
                error = value.lower() in ("true", "1", "t")
            case "error":
                raise ValueError(f"error is true or false, not {value!r}")
            case _:
                raise ValueError(f"unknown option {option!r}: write skip=, error= or experimental=")
    return Config(skip, experimental, error)


def config_of(dockerfile: Dockerfile, given: str | None) -> Config:
    """The configuration of a Dockerfile.

    Args:
        dockerfile: whose directive counts.
        given: the build argument BUILDKIT_DOCKERFILE_CHECK, which wins; None if it is not given.

    Raises:
        DockerfileError: it cannot be read.
    """
    line, text = (0, given) if given is not None else dockerfile.check
    try:
        return parse_config(text)
    except ValueError as error:
        where = "the check directive" if line else "BUILDKIT_DOCKERFILE_CHECK"
        cause = f"{where} cannot be read: {error}"
        raise dockerfile.source.error(cause, (line, line)) from error


class Findings:
    """Collects what counts.

    Args:
        source: the Dockerfile, whose comments may skip rules for the instruction below them.
        config: of the whole file.
        asked: a check was asked for, not a build.
    """

    def __init__(self, source: Source, config: Config, *, asked: bool) -> None:
        self._texts = source.lines
        self._config = config
        self._asked = asked
        self._found: dict[Finding, None] = {}

    def add(self, found: Iterable[Finding]) -> None:
        """Keep those that are not skipped; one that is known already is not kept twice."""
        for finding in found:
            if finding.rule.asked_for and not self._asked:
                continue
            if self._config.counts(finding.rule) and not self._skipped_above(finding):
                self._found[finding] = None

    @property
    def all(self) -> tuple[Finding, ...]:
        """What was found, in the order of the lines."""
        return tuple(sorted(self._found, key=lambda finding: finding.lines))

    def fault(self, source: Source) -> DockerfileError | None:
        """The error of a file that asks for `error=true`; None if it does not, or all is well."""
        if not self._config.error or not self._found:
            return None
        names = ", ".join(dict.fromkeys(finding.rule.name for finding in self.all))
        message = f"the Dockerfile breaks rules that its check directive makes errors: {names}"
        hint = "\n".join(finding.text for finding in self.all)
        return source.error(message, self.all[0].lines, hint)

    def _skipped_above(self, finding: Finding) -> bool:
        for comment in comments_above(self._texts, finding.lines[0]):
            if match := _COMMENT.fullmatch(comment):
                try:
                    if not parse_config(match[1]).counts(finding.rule):
                        return True
                except ValueError:
                    continue
        return False


def comments_above(texts: list[str], line: int) -> list[str]:
    """The comment lines right above a line, the topmost first; an empty line ends them."""
    found: list[str] = []
    for text in reversed(texts[: max(line - 1, 0)]):
        if not text.lstrip().startswith("#"):
            break
        found.append(text.strip())
    return found[::-1]


def _names(value: str) -> frozenset[str]:
    # A name that is not known may be that of a newer rule.
    return frozenset(filter(None, (name.strip() for name in value.split(","))))

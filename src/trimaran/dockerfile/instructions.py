"""A Dockerfile as values: its global arguments, its stages and their instructions.

The fields hold what was written, before variables are expanded; an instruction's flags, argument
counts and forms have been checked. The rules are those of the Dockerfile reference.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from trimaran.errors import DockerfileError
from trimaran.graph.steps import Network, Security
from trimaran.oci.models import Healthcheck


class Source(msgspec.Struct, frozen=True):
    """A Dockerfile's text and the name by which the user knows it."""

    path: str
    text: str

    def __repr__(self) -> str:
        return f"Source({self.path!r})"

    @property
    def lines(self) -> list[str]:
        """The text's lines, without a byte order mark and without their line feeds."""
        return self.text.removeprefix("\ufeff").split("\n")

    def error(self, message: str, lines: tuple[int, int], hint: str = "") -> DockerfileError:
        """A fault of these lines, to be raised."""
        return DockerfileError(message, path=self.path, lines=lines, source=self.text, hint=hint)


class Line(msgspec.Struct, frozen=True):
    """Where an instruction stands.

    Attributes:
        lines: first and last line, 1-based.
        text: the instruction with its continued lines joined.
        is_trigger: `text` is an ONBUILD trigger of a base; `lines` are the FROM's that runs it.
    """

    source: Source
    lines: tuple[int, int]
    text: str
    is_trigger: bool = False

    def error(self, message: str, hint: str = "") -> DockerfileError:
        """A fault of this instruction, to be raised."""
        if self.is_trigger:
            message = f"{message}, in the base's trigger ONBUILD {self.text}"
        return self.source.error(message, self.lines, hint)


_TABS = re.compile(r"^\t+", re.MULTILINE)


class Heredoc(msgspec.Struct, frozen=True):
    """A text that stands below its instruction.

    Attributes:
        name: what ends the text, without quotes.
        text: the lines as they are in the file, line ends and tabs included.
        chomp: leading tabs do not count (`<<-`).
        expand: the name is without quotes, so variables in the text count.
    """

    name: str
    text: str = ""
    chomp: bool = False
    expand: bool = True

    def chomped(self) -> str:
        """The text without leading tabs, if they do not count."""
        return _TABS.sub("", self.text) if self.chomp else self.text


Pairs = tuple[tuple[str, str], ...]


class Run(msgspec.Struct, frozen=True):
    """RUN.

    Attributes:
        shell: the one argument is a line for the SHELL; else an argument vector.
        mounts: the fields of each --mount.
        network: --network; empty if it is not given.
        security: --security; likewise.
        heredocs: what the line names, in order.
    """

    line: Line
    arguments: tuple[str, ...]
    shell: bool
    mounts: tuple[tuple[str, ...], ...] = ()
    network: Network | Literal[""] = ""
    security: Security | Literal[""] = ""
    heredocs: tuple[Heredoc, ...] = ()


class Copy(msgspec.Struct, frozen=True):
    """COPY and ADD.

    Attributes:
        sources: paths and addresses.
        origin: --from; empty is the build context.
        owner: --chown.
        mode: --chmod.
        is_add: ADD, which unpacks local archives.
        checksum: --checksum.
        keep_git: --keep-git-dir; None if it was not given.
        unpack: --unpack; None if it was not given.
        link: --link.
        keep_parents: --parents.
        excludes: --exclude.
        contents: the heredocs among the sources.
    """

    line: Line
    sources: tuple[str, ...]
    destination: str
    origin: str = ""
    owner: str = ""
    mode: str = ""
    is_add: bool = False
    checksum: str = ""
    keep_git: bool | None = None
    unpack: bool | None = None
    link: bool = False
    keep_parents: bool = False
    excludes: tuple[str, ...] = ()
    contents: tuple[Heredoc, ...] = ()


class Env(msgspec.Struct, frozen=True):
    """`legacy`: NAME VALUE was written, without an equals sign."""

    line: Line
    pairs: Pairs
    legacy: bool = False


class Arg(msgspec.Struct, frozen=True):
    """Names and their defaults; None where there is none."""

    line: Line
    variables: tuple[tuple[str, str | None], ...]


class Workdir(msgspec.Struct, frozen=True):
    line: Line
    path: str


class User(msgspec.Struct, frozen=True):
    line: Line
    user: str


class Label(msgspec.Struct, frozen=True):
    """`legacy`: as in `Env`."""

    line: Line
    pairs: Pairs
    legacy: bool = False


class Expose(msgspec.Struct, frozen=True):
    line: Line
    ports: tuple[str, ...]


class Entrypoint(msgspec.Struct, frozen=True):
    line: Line
    arguments: tuple[str, ...]
    shell: bool


class Cmd(msgspec.Struct, frozen=True):
    line: Line
    arguments: tuple[str, ...]
    shell: bool


class Volume(msgspec.Struct, frozen=True):
    line: Line
    paths: tuple[str, ...]


class StopSignal(msgspec.Struct, frozen=True):
    line: Line
    signal: str


class HealthCheck(msgspec.Struct, frozen=True):
    line: Line
    check: Healthcheck


class Shell(msgspec.Struct, frozen=True):
    line: Line
    arguments: tuple[str, ...]


class OnBuild(msgspec.Struct, frozen=True):
    """`trigger` is an instruction as text; it is read where it is triggered."""

    line: Line
    trigger: str


class Maintainer(msgspec.Struct, frozen=True):
    line: Line
    name: str


Instruction = (
    Run
    | Copy
    | Env
    | Arg
    | Workdir
    | User
    | Label
    | Expose
    | Entrypoint
    | Cmd
    | Volume
    | StopSignal
    | HealthCheck
    | Shell
    | OnBuild
    | Maintainer
)


class Stage(msgspec.Struct, frozen=True):
    """One FROM and what follows it.

    Attributes:
        name: in lower case; empty if the stage has none.
        base: the image, stage or context, before expansion.
        platform: --platform before expansion; empty if absent.
    """

    line: Line
    index: int
    name: str
    base: str
    platform: str
    instructions: tuple[Instruction, ...] = ()

    @property
    def title(self) -> str:
        """The stage's name for messages and views: `build`, or `stage-2` where it has none."""
        return self.name or f"stage-{self.index}"


class Dockerfile(msgspec.Struct, frozen=True):
    """A checked Dockerfile.

    Attributes:
        escape: the escape character, a backslash or a backtick.
        arguments: the ARG instructions before the first FROM.
        stages: at least one.
        empty_continuations: the last lines of instructions that an empty line goes through.
        check: line and value of the directive `check`; (0, "") if there is none.
    """

    source: Source
    escape: str
    arguments: tuple[Arg, ...]
    stages: tuple[Stage, ...]
    empty_continuations: tuple[int, ...] = ()
    check: tuple[int, str] = (0, "")

    def stage_at(self, line: int) -> Stage | None:
        """The stage to which a line belongs; None before the first."""
        begun = (stage for stage in self.stages if stage.line.lines[0] <= line)
        return max(begun, key=lambda stage: stage.index, default=None)

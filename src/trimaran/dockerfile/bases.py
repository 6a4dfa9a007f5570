"""What every stage is built on, and what every COPY --from means: names to stages and images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from trimaran import platforms, references
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.dockerfile.words import Expander
from trimaran.errors import InvalidReferenceError, PlatformError
from trimaran.platforms import Platform

SCRATCH = "scratch"
_INDEX = re.compile(r"[-+]?[0-9]{1,9}")


class BaseKey(msgspec.Struct, frozen=True, order=True):
    """An image that a build needs.

    Attributes:
        name: as written after expansion; where a named context stands for it, that one's name.
    """

    name: str
    platform: Platform


class FromStage(msgspec.Struct, frozen=True):
    """An earlier stage."""

    index: int


class FromImage(msgspec.Struct, frozen=True):
    key: BaseKey


class FromFolder(msgspec.Struct, frozen=True):
    """A named context that is a local folder."""

    context: str


class FromNothing(msgspec.Struct, frozen=True):
    """`scratch`."""


class Origin(msgspec.Struct, frozen=True):
    """What an instruction names as the place of files.

    Attributes:
        what: how the Dockerfile says it, for messages.
        numbered: a number means a stage.
    """

    name: str
    line: df.Line
    what: str
    numbered: bool = True


Base = FromStage | FromImage | FromFolder | FromNothing


class BasedStage(msgspec.Struct, frozen=True):
    """A stage whose FROM was understood.

    Attributes:
        base_name: after expansion; that of the named context where one stands for the stage.
        platform: whose programs its steps run.
        replaced: a named context of the stage's name stands for the whole stage.
    """

    stage: df.Stage
    base: Base
    base_name: str
    platform: Platform
    replaced: bool = False


class Contexts(msgspec.Struct, frozen=True):
    """The names of `--build-context`: local folders, and images of any kind."""

    folders: frozenset[str]
    images: frozenset[str]

    def find(self, name: str, platform: Platform) -> FromFolder | FromImage | None:
        """The named context that stands for `name`; names are compared as image names are."""
        if name in (SCRATCH, "context"):
            return None
        wanted = _normal(name)
        for context in sorted(self.folders):
            if _normal(context) == wanted:
                return FromFolder(context)
        for context in sorted(self.images):
            if _normal(context) == wanted:
                return FromImage(BaseKey(context, platform))
        return None


class Namer(msgspec.Struct, frozen=True):
    """Finds what names mean.

    Attributes:
        scope: the arguments that FROM may use.
        platform: the target's.
    """

    dockerfile: df.Dockerfile
    scope: Mapping[str, str]
    platform: Platform
    contexts: Contexts

    def stages(self) -> tuple[BasedStage, ...]:
        """Every stage, in order.

        Raises:
            DockerfileError: a FROM cannot be expanded or names no image.
        """
        found: list[BasedStage] = []
        for stage in self.dockerfile.stages:
            found.append(self._stage(stage, found))
        return tuple(found)

    def origin(self, copy: df.Copy, stage: df.Stage) -> Base:
        """What a COPY --from means.

        Raises:
            DockerfileError: as `place`, or a variable stands in it.
        """
        name = copy.origin
        if Expander(self.dockerfile.escape, {}, copy.line).word(name) != name:
            raise copy.line.error(
                f"variables cannot stand in COPY --from={name}",
                "write FROM $NAME AS STAGE, and COPY --from=STAGE",
            )
        return self.place(Origin(name, copy.line, f"COPY --from={name}"), stage)

    def place(self, origin: Origin, stage: df.Stage) -> Base:
        """What a name of files means: a stage of that name or number, a context, or an image.

        An image is taken for the target's platform even in a stage of another: BuildKit does so.

        Raises:
            DockerfileError: it is this stage or a later one, no such stage, or no image's name.
        """
        name = origin.name
        if origin.numbered and _INDEX.fullmatch(name):
            return self._earlier(int(name), origin, stage)
        named = [other.index for other in self.dockerfile.stages if other.name == name.lower()]
        if named:
            # Of several with one name the last above this stage is meant.
            above = [index for index in named if index < stage.index]
            return self._earlier((above or named)[-1], origin, stage)
        if name == SCRATCH:
            return FromNothing()
        return self.contexts.find(name, self.platform) or self._image(
            name, self.platform, origin.line, origin.what
        )

    def _stage(self, stage: df.Stage, earlier: Iterable[BasedStage]) -> BasedStage:
        expand = Expander(self.dockerfile.escape, self.scope, stage.line)
        name = expand.word(stage.base)
        platform = self._platform(stage, expand)
        if not name:
            raise stage.line.error(
                f"FROM {stage.base} is empty after expansion",
                "give the ARG before FROM a default, or pass --build-arg",
            )
        if stage.name and (context := self.contexts.find(stage.name, platform)):
            return BasedStage(stage, context, stage.name, platform, replaced=True)
        for other in reversed(tuple(earlier)):
            if other.stage.name and other.stage.name == name:
                return BasedStage(stage, FromStage(other.stage.index), name, other.platform)
        if name == SCRATCH:
            return BasedStage(stage, FromNothing(), name, self.platform)
        base = self.contexts.find(name, platform) or self._image(
            name, platform, stage.line, f"FROM {name}"
        )
        return BasedStage(stage, base, name, platform)

    def _platform(self, stage: df.Stage, expand: Expander) -> Platform:
        if not stage.platform:
            return self.platform
        text = expand.word(stage.platform)
        if not text:
            raise stage.line.error(
                f"FROM --platform={stage.platform} is empty after expansion",
                did_you_mean(stage.platform.strip("${}"), self.scope),
            )
        try:
            return platforms.parse(text)
        except PlatformError as error:
            raise stage.line.error(f"FROM --platform: {error.message}", error.hint) from error

    def _earlier(self, index: int, origin: Origin, stage: df.Stage) -> FromStage:
        known = self.dockerfile.stages
        if not 0 <= index < len(known):
            raise origin.line.error(f"{origin.what}: no such stage", _titles(known))
        if index == stage.index:
            raise origin.line.error(f"{origin.what}: a stage cannot copy from itself")
        if index > stage.index:
            raise origin.line.error(
                f"{origin.what}: the stage is defined after this one",
                f"move stage {known[index].title} (line {known[index].line.lines[0]}) up",
            )
        return FromStage(index)

    def _image(self, name: str, platform: Platform, line: df.Line, what: str) -> FromImage:
        try:
            references.parse(name)
        except InvalidReferenceError as error:
            names = [stage.name for stage in self.dockerfile.stages if stage.name]
            hint = f"did you mean {name.lower()}?" if name.lower() in names else _titles_of(names)
            raise line.error(
                f"{what}: no stage or context of this name, nor can it be an image", hint
            ) from error
        return FromImage(BaseKey(name, platform))


def find_target(stages: tuple[BasedStage, ...], name: str, source: df.Source) -> BasedStage:
    """The stage that `--target` names, of several the last; the last stage if it names none.

    Raises:
        DockerfileError: there is no such stage; the stages are listed.
    """
    if not name:
        return stages[-1]
    for based in reversed(stages):
        if based.stage.name and based.stage.name == name.lower():
            return based
    names = [based.stage.name for based in stages if based.stage.name]
    raise source.error(f"no stage {name!r} for --target", (0, 0), _titles_of(names))


def copies(instructions: Iterable[df.Instruction]) -> Iterator[df.Copy]:
    """The instructions that copy from elsewhere than the build context."""
    for instruction in instructions:
        if isinstance(instruction, df.Copy) and instruction.origin:
            yield instruction


def _normal(name: str) -> str:
    try:
        return references.parse(name).familiar.removesuffix(":latest")
    except InvalidReferenceError:
        return name


def _titles(stages: Iterable[df.Stage]) -> str:
    return _titles_of([stage.title for stage in stages])


def _titles_of(names: list[str]) -> str:
    return f"the stages are {', '.join(names)}" if names else "no stage has a name"

"""The stages of one platform on their way to steps; `lower` is the way in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.apply import apply
from trimaran.dockerfile.apply_mounts import origins
from trimaran.dockerfile.arguments import SCAN_STAGE
from trimaran.dockerfile.around import Surroundings
from trimaran.dockerfile.bases import (
    Base,
    BasedStage,
    BaseKey,
    FromFolder,
    FromImage,
    FromNothing,
    FromStage,
    Namer,
    copies,
)
from trimaran.dockerfile.checks.findings import Finding
from trimaran.dockerfile.checks.values import base_platform
from trimaran.dockerfile.labels import StageLabels, StepLabel
from trimaran.dockerfile.parse import parse_trigger
from trimaran.dockerfile.starts import BaseImage, start_from_folder, start_from_image
from trimaran.dockerfile.state import StageState, empty_image
from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    ContextFiles,
    Network,
    Run,
    Step,
    StepFiles,
    chain,
)

_TRUE = ("1", "t", "true")


class Granted(msgspec.Struct, frozen=True):
    network: Network
    entitlements: frozenset[str]


@dataclass
class Lowering:
    """What is known while one platform's stages are lowered.

    Attributes:
        namer: what the names of images, stages and contexts mean.
        stages: every stage with what it is built on.
        bases: the images that were resolved so far.
        missing: those that are needed and are not among them, with the first line that names each.
        used: those that the stages are made of.
        states: the stages that were lowered, by number.
        labels: of steps, by their `id()`.
        findings: what the rules of a check find on the way.
    """

    dockerfile: df.Dockerfile
    namer: Namer
    stages: tuple[BasedStage, ...]
    build_args: Mapping[str, str]
    bases: Mapping[BaseKey, BaseImage]
    granted: Granted
    missing: dict[BaseKey, df.Line] = field(default_factory=dict)
    used: set[BaseKey] = field(default_factory=set)
    states: dict[int, StageState] = field(default_factory=dict)
    labels: dict[int, StepLabel] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _triggers: dict[int, tuple[df.Instruction, ...]] = field(default_factory=dict)

    def reachable(self, wanted: Iterable[BasedStage]) -> list[int]:
        """The stages that `wanted` need, in order: a stage needs earlier ones only."""
        found: set[int] = set()
        stack = [based.stage.index for based in wanted]
        while stack:
            index = stack.pop()
            if index not in found:
                found.add(index)
                stack += self._needed_by(self.stages[index])
        return sorted(found)

    def lower_stage(self, index: int) -> None:
        """Lower one stage; those that it needs have been lowered."""
        based = self.stages[index]
        instructions = self._instructions(based)
        state = self._start(based)
        titled = StageLabels(based, self._title(based), instructions)
        self.labels = {**titled.base(state.step), **self.labels}
        around = Surroundings(
            self.dockerfile.escape,
            self.namer.scope,
            self.build_args,
            lambda copy: self._files(self.namer.origin(copy, based.stage), copy.line),
            lambda origin: self._files(self.namer.place(origin, based.stage), origin.line),
            self.findings.extend,
            self.granted.network,
            self.granted.entitlements,
        )
        if not based.replaced:
            state.begin()
        for instruction in instructions:
            before = state.step
            apply(instruction, state, around)
            if state.step is not None and state.step is not before:
                label = titled.next(instruction.line)
                self.labels[id(state.step)] = label
                self._label_mounted(state.step, label)
        self.states[index] = state

    def all_instructions(self) -> list[df.Instruction]:
        """Every instruction of the file, and the triggers that were run."""
        found = [line for stage in self.dockerfile.stages for line in stage.instructions]
        return found + [line for triggers in self._triggers.values() for line in triggers]

    def scanned(self, target: int) -> dict[str, Step | None]:
        """The stages beside the target that ask for an SBOM generator to look at them."""
        everywhere = self.namer.scope.get(SCAN_STAGE, "")
        found: dict[str, Step | None] = {}
        for index, state in self.states.items():
            stage = self.stages[index].stage
            said = everywhere if state.scanning is None else state.scanning
            if index != target and _names(said, stage):
                found[stage.name or f"stage-{index}"] = state.step
        return found

    def _needed_by(self, based: BasedStage) -> list[int]:
        self._triggers[based.stage.index] = self._read_triggers(based)
        instructions = self._instructions(based)
        named = [(based.base, based.stage.line)]
        named += [(self.namer.origin(it, based.stage), it.line) for it in copies(instructions)]
        mounted = (one for it in instructions if isinstance(it, df.Run) for one in origins(it))
        named += [(self.namer.place(one, based.stage), one.line) for one in mounted]
        needed: list[int] = []
        for base, line in named:
            match base:
                case FromStage(index=index):
                    needed.append(index)
                case FromImage(key=key) if key not in self.bases:
                    self.missing.setdefault(key, line)
        return needed

    def _instructions(self, based: BasedStage) -> tuple[df.Instruction, ...]:
        if based.replaced:
            return ()
        return (*self._triggers[based.stage.index], *based.stage.instructions)

    def _read_triggers(self, based: BasedStage) -> tuple[df.Instruction, ...]:
        triggers: tuple[str, ...] = ()
        match based.base:
            case _ if based.replaced:
                pass
            case FromStage(index=index):
                own = self.stages[index].stage.instructions
                triggers = tuple(line.trigger for line in own if isinstance(line, df.OnBuild))
            case FromImage(key=key) if key in self.bases:
                triggers = self.bases[key].config.config.on_build or ()
        return tuple(parse_trigger(trigger, based.stage.line) for trigger in triggers)

    def _start(self, based: BasedStage) -> StageState:
        match based.base:
            case FromStage(index=index):
                return self.states[index].child()
            case FromImage(key=key):
                base = self.bases[key]
                self.used.add(key)
                self.findings.extend(
                    base_platform(based.stage.line, key.name, key.platform, base.config.platform)
                )
                return start_from_image(base, based)
            case FromFolder(context=context):
                return start_from_folder(context, based)
            case FromNothing():
                return StageState(None, empty_image(based.platform), based.platform)

    def _title(self, based: BasedStage) -> str:
        return based.stage.title if len(self.stages) > 1 else ""

    def _label_mounted(self, step: Step, label: StepLabel) -> None:
        """Label the files of contexts that a RUN mounts: they are steps of no instruction."""
        for mount in step.mounts if isinstance(step, Run) else ():
            if isinstance(mount, BindMount | CacheMount) and mount.step is not None:
                where = label.text.partition("] ")[0]
                text = f"{where}] files mounted on {mount.target}"
                self.labels.setdefault(id(mount.step), msgspec.structs.replace(label, text=text))

    def _files(self, base: Base, line: df.Line) -> ContextFiles | StepFiles:
        match base:
            case FromStage(index=index):
                return StepFiles(self.states[index].step)
            case FromImage(key=key):
                step = self.bases[key].step
                self.used.add(key)
                label = StepLabel(f"[{key.platform}] FROM {key.name}", key.platform, line.lines)
                self.labels = {**dict.fromkeys(map(id, chain(step)), label), **self.labels}
                return StepFiles(step)
            case FromFolder(context=context):
                return ContextFiles(context)
            case FromNothing():
                return StepFiles(None)


def _names(said: str, stage: df.Stage) -> bool:
    """Whether a list of stages names this one; a truth value is about every stage."""
    low = said.lower()
    return low in _TRUE or (bool(stage.name) and stage.name in low.split(","))

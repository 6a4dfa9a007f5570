"""A build's steps in the form of BuildKit's provenance: LLB operations, and their lines.

The shape is that of `buildConfig` and of the metadata's `source` and `layers` in BuildKit's
slsa-definitions.md. No secret's value is in a step, so that none can get here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from trimaran.build import operations
from trimaran.build.plan import Plan
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.lower import Lowered
from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    Copy,
    Extract,
    InlineFiles,
    MakeFolder,
    Part,
    Run,
    Step,
    StepFiles,
    chain,
    ground,
    walk,
)
from trimaran.oci.models import Descriptor

Json = dict[str, Any]


class BuildConfig:
    """One image's steps as operations, numbered, inputs first.

    The layers of a base are one operation, and what a COPY reads from outside is one of its own.
    """

    def __init__(self, plan: Plan, image: Lowered) -> None:
        self._plan = plan
        self._image = image
        self._operations: list[Json] = []
        self._numbers: dict[int, int] = {}
        self._sources: dict[str, str] = {}
        self._steps = tuple(walk((image.step,) if image.step else ()))
        for step in self._steps:
            if isinstance(step, Extract) and step.parent is not None:
                self._numbers[id(step)] = self._numbers[id(step.parent)]
            else:
                operation = self._operation(step)
                self._numbers[id(step)] = len(self._operations)
                self._operations.append(operation)

    def definition(self) -> Json:
        """The field `buildConfig`: the operations, and an end that names the last of them."""
        named = [{"id": f"step{n}", **each} for n, each in enumerate(self._operations)]
        last = [self._output(self._image.step)] if self._image.step else []
        named.append({"id": f"step{len(named)}", "inputs": last, "op": {"Op": None}})
        mapping = {f"sha256:{self._plan.identity(each)}": self._name(each) for each in self._steps}
        return {"llbDefinition": named, "digestMapping": mapping}

    def source(self, dockerfile: Source) -> Json:
        """The field `source`: the Dockerfile, and which of its lines each step is."""
        name = dockerfile.path.rpartition("/")[2]
        data = base64.b64encode(dockerfile.text.encode()).decode("ascii")
        found = {}
        for step in self._steps:
            first, last = self._plan.label(step).lines
            if first:
                span = {"start": {"line": first}, "end": {"line": last}}
                found[self._name(step)] = {"locations": [{"ranges": [span]}]}
        info = {"filename": name, "language": "Dockerfile", "data": data}
        return {"infos": [info], "locations": found}

    def layers(self, layers: Sequence[Descriptor]) -> Json:
        """The field `layers`: those of each step's file system; `layers` are the image's."""
        steps = chain(self._image.step)
        counted = enumerate(steps, 1) if len(layers) == len(steps) else ()
        return {self._output(step): [list(layers[:count])] for count, step in counted}

    def runs(self) -> Iterable[tuple[Run, str]]:
        """Each RUN, and its name."""
        return ((step, self._name(step)) for step in self._steps if isinstance(step, Run))

    def _name(self, step: Step) -> str:
        return f"step{self._numbers[id(step)]}"

    def _output(self, step: Step) -> str:
        return f"{self._name(step)}:0"

    def _operation(self, step: Step) -> Json:
        match step:
            case Extract(image=image):
                return {"op": operations.source(f"docker-image://{image}")}
            case Run():
                return self._run(step)
            case Copy():
                return self._copy(step)
            case MakeFolder(path=path):
                inputs = [self._output(step.parent)] if step.parent else []
                action = {"Action": {"mkdir": {"path": path, "mode": 0o755, "makeParents": True}}}
                return {"inputs": inputs, "op": operations.file([action], inputs, [-1])}

    def _run(self, step: Run) -> Json:
        inputs = [self._output(step.parent)] if step.parent else []
        root = 0 if inputs else -1
        mounts: list[Json] = [{"input": root, "output": 0, "dest": "/"}]
        for mount in step.mounts:
            below = mount.step if isinstance(mount, BindMount | CacheMount) else None
            shown = self._output(below) if below else None
            mounts.append(operations.mount(mount, _index(inputs, shown)))
        return {"inputs": inputs, "op": operations.run(step, mounts)}

    def _copy(self, step: Copy) -> Json:
        parent = ground(step)
        inputs = [self._output(parent)] if parent else []
        actions: list[Json] = []
        others: list[int] = []
        for part in step.parts:
            if isinstance(part.source, InlineFiles):
                made = operations.mkfiles(step, part.source)
            else:
                made = [operations.copy(step, part, path) for path in part.paths]
            index = _index(inputs, self._origin(part))
            actions += made
            others += [index] * len(made)
        first = 0 if parent else -1
        return {"inputs": inputs, "op": operations.file(actions, inputs, others, first)}

    def _origin(self, part: Part) -> str | None:
        """The output that holds a part's files; what comes from outside is an operation too."""
        match part.source:
            case InlineFiles() | StepFiles(step=None):
                return None
            case StepFiles(step=step):
                return self._output(step) if step else None
            case outside:
                identifier, attributes = operations.outside(outside)
                if identifier not in self._sources:
                    self._sources[identifier] = f"step{len(self._operations)}:0"
                    self._operations.append({"op": operations.source(identifier, attributes)})
                return self._sources[identifier]


def _index(inputs: list[str], output: str | None) -> int:
    """The number of an output among the inputs, where it is added; -1 for none."""
    if output is None:
        return -1
    if output not in inputs:
        inputs.append(output)
    return inputs.index(output)

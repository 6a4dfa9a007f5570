"""A build's steps in the form of BuildKit's provenance: LLB operations as JSON, and their lines.

The shape is that of `buildConfig` and of the metadata's `source` and `layers` in BuildKit's
slsa-definitions.md. No secret's value is in a step, so that none can get here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from trimaran.build.git_program import shown
from trimaran.build.plan import Plan
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.lower import Lowered
from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    ContextFiles,
    Copy,
    Download,
    Extract,
    GitTree,
    InlineFiles,
    MakeFolder,
    Mount,
    Part,
    Run,
    SecretMount,
    SshMount,
    Step,
    chain,
    inputs,
    walk,
)
from trimaran.oci.models import Descriptor

_KINDS = {"BindMount": "bind", "CacheMount": "cache", "TmpfsMount": "tmpfs"}
Json = dict[str, Any]


class BuildConfig(msgspec.Struct, frozen=True):
    """One image's steps, numbered; the layers of a base are one step.

    Attributes:
        numbers: each step's number, by its `id()`.
    """

    plan: Plan
    image: Lowered
    steps: tuple[Step, ...]
    numbers: dict[int, int]

    @classmethod
    def of(cls, plan: Plan, image: Lowered) -> BuildConfig:
        """The steps of an image of the plan, inputs first."""
        numbers: dict[int, int] = {}
        listed: list[Step] = []
        for step in walk((image.step,) if image.step else ()):
            if isinstance(step, Extract) and step.parent is not None:
                numbers[id(step)] = numbers[id(step.parent)]
                listed[numbers[id(step)]] = step
            else:
                numbers[id(step)] = len(listed)
                listed.append(step)
        return cls(plan, image, tuple(listed), numbers)

    def definition(self) -> Json:
        """The field `buildConfig`: the steps, and an end that names the last of them."""
        steps = [self._step(number, step) for number, step in enumerate(self.steps)]
        last = [f"{self._name(self.image.step)}:0"] if self.image.step else []
        steps.append({"id": f"step{len(steps)}", "inputs": last})
        mapping = {f"sha256:{self.plan.identity(step)}": self._name(step) for step in self.steps}
        return {"llbDefinition": steps, "digestMapping": mapping}

    def source(self, dockerfile: Source) -> Json:
        """The field `source`: the Dockerfile, and which of its lines each step is."""
        name = dockerfile.path.rpartition("/")[2]
        data = base64.b64encode(dockerfile.text.encode()).decode("ascii")
        found = {}
        for step in self.steps:
            first, last = self.plan.label(step).lines
            if first:
                span = {"start": {"line": first}, "end": {"line": last}}
                found[self._name(step)] = {"locations": [{"ranges": [span]}]}
        info = {"filename": name, "language": "Dockerfile", "data": data}
        return {"infos": [info], "locations": found}

    def layers(self, layers: Sequence[Descriptor]) -> Json:
        """The field `layers`: those of each step's file system; `layers` are the image's."""
        steps = chain(self.image.step)
        counted = enumerate(steps, 1) if len(layers) == len(steps) else ()
        return {f"{self._name(step)}:0": [list(layers[:count])] for count, step in counted}

    def runs(self) -> Iterable[tuple[Run, str]]:
        """Each RUN, and its name."""
        return ((step, self._name(step)) for step in self.steps if isinstance(step, Run))

    def _name(self, step: Step) -> str:
        return f"step{self.numbers[id(step)]}"

    def _step(self, number: int, step: Step) -> Json:
        needed = () if isinstance(step, Extract) else inputs(step)
        return {
            "id": f"step{number}",
            "inputs": [f"{self._name(each)}:0" for each in needed],
            "op": _operation(step),
        }


def _operation(step: Step) -> Json:
    match step:
        case Extract(image=image):
            return {"Op": {"source": {"identifier": f"docker-image://{image}"}}}
        case Run():
            return {"Op": {"exec": _exec(step)}, "platform": _platform(step)}
        case Copy():
            return {"Op": {"file": {"actions": [_copy(step, part) for part in step.parts]}}}
        case MakeFolder(path=path):
            made = {"path": path, "mode": 0o755, "makeParents": True}
            return {"Op": {"file": {"actions": [{"Action": {"mkdir": made}}]}}}


def _exec(step: Run) -> Json:
    meta = {"args": step.arguments, "env": step.environment, "cwd": step.directory}
    found: Json = {"meta": meta | ({"user": step.user} if step.user else {})}
    if step.mounts:
        found["mounts"] = [_mount(mount) for mount in step.mounts]
    if step.network != "default":
        found["network"] = step.network
    if step.security != "sandbox":
        found["security"] = step.security
    return found


def _mount(mount: Mount) -> Json:
    if isinstance(mount, SecretMount | SshMount):
        kind = "secret" if isinstance(mount, SecretMount) else "ssh"
        return {"dest": mount.target, "type": kind, "id": mount.id, "optional": not mount.required}
    found: Json = {"dest": mount.target, "type": _KINDS[type(mount).__name__]}
    if isinstance(mount, BindMount):
        found |= {"selector": mount.path, "readonly": not mount.writable}
    if isinstance(mount, CacheMount):
        found |= {"id": mount.key, "sharing": mount.sharing}
    return found


def _copy(step: Copy, part: Part) -> Json:
    copied: Json = {"src": part.paths, "dest": step.destination}
    wanted = {"owner": step.owner, "mode": step.mode, "excludePatterns": step.excludes}
    copied |= {key: value for key, value in wanted.items() if value}
    match part.source:
        case ContextFiles(context=name):
            copied["from"] = f"local://{name or 'context'}"
        case Download(url=url):
            copied["from"] = shown(url)
        case GitTree(remote=remote, ref=ref):
            copied["from"] = shown(remote) + (f"#{ref}" if ref else "")
        case InlineFiles(files=files):
            copied["from"] = f"inline://{','.join(name for name, _ in files)}"
        case _:
            pass
    if part.unpack:
        copied["attemptUnpackDockerCompatibility"] = True
    return {"Action": {"copy": copied}}


def _platform(step: Run) -> Json:
    platform = step.platform
    found = {"Architecture": platform.architecture, "OS": platform.os}
    return found | ({"Variant": platform.variant} if platform.variant else {})

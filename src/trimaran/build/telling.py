"""What a build tells of itself beside its steps: its beginning, what is cached, its result."""

from __future__ import annotations

from trimaran.build.assemble import BuiltIndex
from trimaran.build.demand import Demand
from trimaran.build.plan import Plan
from trimaran.events import BuildDone, BuildStarted, Emit, ImageBuilt, Notice, StepCached
from trimaran.graph.steps import Extract, Step, walk
from trimaran.request import BuildRequest


def announce(request: BuildRequest, plan: Plan, demand: Demand, emit: Emit) -> None:
    """Tell what is to be built, which build arguments nothing uses, and which steps are cached."""
    shown: dict[str, Step] = {}
    for step in walk(plan.ends):
        if not isinstance(step, Extract):
            shown.setdefault(plan.identity(step), step)
    names = tuple(str(platform) for platform in plan.wanted)
    emit(BuildStarted(request.dockerfile_name, names, len(shown)))
    for name in dict.fromkeys(n for i in plan.images.values() for n in i.unused_build_args):
        emit(Notice("warning", f"--build-arg {name} is used by no ARG"))
    for key, step in shown.items():
        if key not in demand.roots or isinstance(demand.roots[key], Extract):
            label = plan.label(step)
            emit(StepCached(key, label.text, str(label.platform)))


def report(request: BuildRequest, result: BuiltIndex, seconds: float, emit: Emit) -> None:
    """Tell each platform's image, and what the names stand for now."""
    for image in result.images:
        digest = image.manifest.digest
        emit(ImageBuilt(str(image.platform), digest, image.size_bytes, image.seconds))
    names = tuple(tag.familiar for tag in request.tags)
    emit(BuildDone(result.descriptor.digest, names, seconds))

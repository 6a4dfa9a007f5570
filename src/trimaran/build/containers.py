"""Runs an image of the local store, whatever its architecture: unpack what is missing, start it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from trimaran import platforms
from trimaran.build.cache_imports import Imports
from trimaran.build.demand import DemandFinder
from trimaran.build.execution import lent
from trimaran.build.find import OpenRepository, nowhere
from trimaran.build.machine import Machine
from trimaran.build.plan import Plan
from trimaran.build.preflight import prepare_platforms, settings
from trimaran.build.resolve import base_image
from trimaran.build.results import Results
from trimaran.build.work import Worker
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.lower import Lowered
from trimaran.emulation import quirks
from trimaran.errors import ImageError, RegistryError
from trimaran.events import Emit
from trimaran.executor.containers import run_container
from trimaran.executor.executor import Executor
from trimaran.executor.runtime import Runtime
from trimaran.executor.stage import Program
from trimaran.graph.identity import identities
from trimaran.graph.steps import Copy, FileSource, chain
from trimaran.images import pick
from trimaran.images.copy import copy
from trimaran.images.local import StoreImages
from trimaran.images.pick import Choice
from trimaran.oci.models import Descriptor, RunConfig
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.request import RunOptions
from trimaran.scheduler.runner import run
from trimaran.store.store import Store

MakeProgram = Callable[[RunConfig], Program]
"""What to run, from the image's config and the command line."""


@dataclass(frozen=True, slots=True)
class ImageToRun:
    """One platform's image in the local store."""

    name: str
    place: Place
    choice: Choice
    platform: Platform


def fetch_image(
    reference: Reference,
    wanted: Platform | None,
    store: Store,
    open_repository: OpenRepository,
    emit: Emit,
) -> ImageToRun:
    """The image from the local store; what is not there is pulled into it first.

    Args:
        reference: which image.
        wanted: which platform; None for this machine's, or the only one that the image has.
        store: the local store.
        open_repository: opens the registry's repository.
        emit: takes the pull's events.

    Raises:
        ImageError: there is no such image, or not for the platform.
    """
    images = StoreImages(store)
    gap: ImageError | None = None
    try:
        found = _choose(images, images.resolve(str(reference)), reference, wanted)
        if pick.is_complete(images, found.choice):
            return found
    except ImageError as error:
        gap = error
    try:
        remote = open_repository(reference)
        descriptor = remote.resolve(reference.tag_or_digest)
    except (ImageError, RegistryError) as error:
        raise nowhere(reference.familiar, gap, error) if gap else error from error
    platform = _choose(remote, descriptor, reference, wanted).platform
    tag = str(reference)
    written = copy(
        remote, descriptor, images, tag=tag, layers_of=[platform], emit=emit, verb="pull"
    )
    return _choose(images, written, reference, platform)


def run_image(image: ImageToRun, make_program: MakeProgram, machine: Machine, emit: Emit) -> int:
    """Run the image's program; to be called in the main thread, before any other thread starts.

    Returns:
        The program's exit status; 128 + N if signal N killed it.

    Raises:
        HostError: the machine cannot run the platform's programs.
        TrimaranError: whatever the rooms below report.
    """
    program = make_program(image.choice.config.config)
    runtime = Runtime.find(machine.search_path, machine.runtime)
    supports = prepare_platforms([image.platform], machine.search_path, machine.emulators)
    chosen = settings(supports, machine.quirks)
    base = base_image(image.choice, image.name)
    lowered = Lowered(base.step, base.config, {})
    steps = chain(base.step)
    plan = Plan({image.platform: lowered}, identities(steps, _no_contexts), {})
    results = Results(machine.store)
    none = Imports((), machine.open_repository, machine.store, emit)
    executor = Executor(
        machine.store,
        runtime=runtime,
        lent=machine.lent,
        find_files=_no_files,
        check_copied=_no_contexts,
        emit=emit,
        stop=machine.stop,
    )
    worker = Worker(
        machine.store,
        plan,
        Source(image.name, ""),
        {},
        none,
        supports,
        executor,
        emit,
        machine.stop,
        chosen,
    )
    demand = DemandFinder(plan, machine.store, results, none).find((), want_roots=True)
    run(worker.tasks(demand), heavy_slots=machine.cores, stop=machine.stop)
    lowers = [plan.identity(step) for step in steps]
    return run_container(
        machine.store,
        lowers,
        program,
        runtime=runtime,
        lent=machine.lent,
        settings=chosen.get(image.platform, quirks.NONE),
    )


def with_options(machine: Machine, options: RunOptions) -> Machine:
    """The machine as the user's options for a container make it."""
    return msgspec.structs.replace(machine, lent=lent(machine.lent, {}, options))


def _choose(
    place: Place, descriptor: Descriptor, reference: Reference, wanted: Platform | None
) -> ImageToRun:
    platform = wanted or _default(pick.offered(place, descriptor))
    choice = pick.choose(place, descriptor, platform, reference.familiar)
    return ImageToRun(reference.familiar, place, choice, choice.config.platform)


def _default(offered: list[Platform]) -> Platform:
    host = platforms.host()
    if platforms.best(host, offered) is None and len(offered) == 1:
        return offered[0]
    return host


def _no_contexts(step: Copy) -> NoReturn:
    raise AssertionError(f"an image's layers copy nothing: {step}")


def _no_files(source: FileSource) -> NoReturn:
    raise AssertionError(f"an image's layers copy nothing: {source}")

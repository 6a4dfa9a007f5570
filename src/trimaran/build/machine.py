"""What the machine gives a build, for all rooms of the build alike."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from trimaran.build.find import OpenRepository
from trimaran.emulation.quirks import Choice
from trimaran.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trimaran.executor.surroundings import Surroundings
    from trimaran.registry.web import Web

Accelerate = Literal["auto", "off", "verify", "compatible"]
ACCELERATIONS: tuple[Accelerate, ...] = get_args(Accelerate)


class Machine(msgspec.Struct, frozen=True):
    """What the machine gives a build.

    Attributes:
        search_path: where emulators are looked for.
        runtime: the OCI runtime's name or path.
        cores: how many heavy steps may run at once.
        stop: set to call the build off.
        open_web: what fetches files that ADD and contexts name.
        quirks: what is done about the emulator's troubles.
        emulators: a CPU's name to the emulator that the user named for it.
        docker_host: where Docker's daemon is; empty for the usual place.
        accelerate: which emulated programs get native stand-ins (docs/acceleration.md).
        explain_acceleration: whether to tell of each program why.
    """

    store: Store
    open_repository: OpenRepository
    search_path: str
    runtime: str
    cores: int
    lent: Surroundings
    stop: threading.Event
    open_web: Callable[[], Web]
    quirks: Choice = Choice()
    emulators: Mapping[str, Path] = msgspec.field(default_factory=dict)
    docker_host: str = ""
    accelerate: Accelerate = "auto"
    explain_acceleration: bool = False

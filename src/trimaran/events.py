"""Progress events: frozen values that the rooms emit and `ui` draws.

Times are seconds since the epoch, sizes are bytes. A step is named by its identity, a transfer by
an id that is unique in the command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

Mode = Literal["native", "emulated"]


class _Event(msgspec.Struct, frozen=True, tag_field="event", rename="camel"):
    pass


class BuildStarted(_Event, frozen=True, tag="build-started"):
    """A build was planned: its platforms and how many steps it has after merging."""

    dockerfile: str
    platforms: tuple[str, ...]
    steps: int


class StepStarted(_Event, frozen=True, tag="step-started"):
    """`label` is what a person reads: `[linux/arm64 build 3/7] RUN make`.

    `quirks` are the settings for the emulator that its programs see: `cpu=arm1176`, `go`.
    """

    step: str
    label: str
    platform: str
    mode: Mode
    at: float
    quirks: tuple[str, ...] = ()


class StepOutput(_Event, frozen=True, tag="step-output"):
    """One line of a step's output, without its newline."""

    step: str
    line: str
    at: float


class StepCached(_Event, frozen=True, tag="step-cached"):
    step: str
    label: str
    platform: str


class StepExecs(_Event, frozen=True, tag="step-execs"):
    """How many programs an emulated step started, and how many of them were native stand-ins."""

    step: str
    native: int
    all: int


class ProgramExecs(_Event, frozen=True, tag="program-execs"):
    """How often a program was started by the steps of a platform and base, and what that took.

    Natively or emulated, and why: a program may have several of these. `wall_seconds` includes the
    time of children that were waited for, `cpu_seconds` does not.
    """

    platform: str
    base: str
    program: str
    reason: str
    native: int
    emulated: int
    cpu_seconds: float
    wall_seconds: float


class StepDone(_Event, frozen=True, tag="step-done"):
    step: str
    seconds: float
    at: float


class StepFailed(_Event, frozen=True, tag="step-failed"):
    step: str
    message: str
    at: float


class TransferStarted(_Event, frozen=True, tag="transfer-started"):
    """A download, upload, compression or extraction begins; `total_bytes` is 0 if not known."""

    transfer: str
    verb: str
    subject: str
    total_bytes: int
    at: float


class TransferAdvanced(_Event, frozen=True, tag="transfer-advanced"):
    """`done_bytes` counts from the transfer's start."""

    transfer: str
    done_bytes: int


class TransferDone(_Event, frozen=True, tag="transfer-done"):
    """`skipped` says that the other side had it."""

    transfer: str
    skipped: bool
    at: float


class Notice(_Event, frozen=True, tag="notice"):
    """A sentence for the user that belongs to no step."""

    level: Literal["info", "warning"]
    message: str
    hint: str = ""


class ImageBuilt(_Event, frozen=True, tag="image-built"):
    """One platform's image. `size_bytes` sums config and compressed layers; `seconds` the steps."""

    platform: str
    digest: str
    size_bytes: int
    seconds: float


class BuildDone(_Event, frozen=True, tag="build-done"):
    """The build ended well; `digest` is the index's, or the manifest's if there is but one."""

    digest: str
    names: tuple[str, ...]
    seconds: float


Event = (
    BuildStarted
    | StepStarted
    | StepOutput
    | StepCached
    | StepExecs
    | ProgramExecs
    | StepDone
    | StepFailed
    | TransferStarted
    | TransferAdvanced
    | TransferDone
    | Notice
    | ImageBuilt
    | BuildDone
)
Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Take an event and do nothing: the `Emit` of callers that draw nothing."""

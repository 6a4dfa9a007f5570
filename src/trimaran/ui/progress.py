"""What is under way, from the events so far: the state behind the live view. No drawing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from trimaran import events
from trimaran.events import Event
from trimaran.ui import words

TAIL_LINES = 20
Mark = Literal["native", "emulated", "cached", ""]


@dataclass(slots=True)
class Step:
    """A running step; `tail` are its last output lines, raw."""

    label: str
    mark: Mark
    started_at: float
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    execs: str = ""


@dataclass(slots=True)
class Transfer:
    verb: str
    subject: str
    total_bytes: int
    started_at: float
    done_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """A step that ended well; `seconds` is None if it was cached."""

    label: str
    mark: Mark
    seconds: float | None
    execs: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    label: str
    mark: Mark
    message: str
    tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a build, with its images."""

    images: tuple[events.ImageBuilt, ...]
    done: events.BuildDone


Permanent = Finished | Failed | Closing | events.Notice
"""What stays on the screen once it was shown."""


class Progress:
    """The steps and transfers that run now, in the order in which they began. Not thread-safe.

    Attributes:
        planned: the steps of the builds so far.
        finished: how many of them ended.
        started_at: when the first step began; None before.
    """

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.transfers: dict[str, Transfer] = {}
        self.platforms: tuple[str, ...] = ()
        self.planned = 0
        self.finished = 0
        self.started_at: float | None = None
        self._images: list[events.ImageBuilt] = []

    def apply(self, event: Event) -> Permanent | None:
        """Take an event in; what it leaves on the screen for good is given back."""
        match event:
            case events.StepOutput(step=name, line=line):
                if step := self.steps.get(name):
                    step.tail.append(line)
            case events.StepExecs(step=name, native=native, all=total):
                if step := self.steps.get(name):
                    step.execs = words.execs(native, total)
            case events.TransferAdvanced(transfer=name, done_bytes=done_bytes):
                if transfer := self.transfers.get(name):
                    transfer.done_bytes = done_bytes
            case events.StepStarted() | events.StepCached() | events.StepDone():
                return self._step(event)
            case events.StepFailed():
                return self._step(event)
            case events.TransferStarted() | events.TransferDone():
                self._transfer(event)
            case _:
                return self._of_build(event)
        return None

    def _step(
        self, event: events.StepStarted | events.StepCached | events.StepDone | events.StepFailed
    ) -> Permanent | None:
        if isinstance(event, events.StepStarted):
            self.started_at = event.at if self.started_at is None else self.started_at
            self.steps[event.step] = Step(event.label, event.mode, event.at)
            return None
        self.finished += 1
        if isinstance(event, events.StepCached):
            return Finished(event.label, "cached", None)
        step = self.steps.pop(event.step, None) or Step(event.step, "", event.at)
        if isinstance(event, events.StepDone):
            return Finished(step.label, step.mark, event.seconds, step.execs)
        return Failed(step.label, step.mark, event.message, tuple(step.tail))

    def _transfer(self, event: events.TransferStarted | events.TransferDone) -> None:
        if isinstance(event, events.TransferDone):
            self.transfers.pop(event.transfer, None)
        else:
            self.transfers[event.transfer] = Transfer(
                event.verb, event.subject, event.total_bytes, event.at
            )

    def _of_build(self, event: Event) -> Permanent | None:
        match event:
            case events.BuildStarted(platforms=platforms, steps=steps):
                self.planned += steps
                self.platforms = platforms
            case events.Notice():
                return event
            case events.ImageBuilt():
                self._images.append(event)
            case events.BuildDone():
                images, self._images = tuple(self._images), []
                return Closing(images, event)
            case _:
                pass
        return None

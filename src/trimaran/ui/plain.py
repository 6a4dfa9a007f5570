"""Lines with a prefix per step, as docker's `--progress plain`: for pipes, logs and CI."""

from __future__ import annotations

from typing import TextIO

from trimaran import events
from trimaran.events import Event
from trimaran.ui import tables, words
from trimaran.ui.stream import Sink
from trimaran.ui.view import View


class PlainView(View):
    """Writes each event when it comes, whole lines only, in the order of `emit`.

    A step or transfer has the number by which it began; #0 is the build. Output carries the
    seconds since its step began. At the end comes the table of images.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._sink = Sink(stream)
        self._numbers: dict[str, int] = {}
        self._started: dict[str, float] = {}
        self._execs: dict[str, str] = {}
        self._images: list[events.ImageBuilt] = []

    def _take(self, event: Event) -> None:
        text = self._text(event)
        if text:
            self._sink.write(text)

    def _text(self, event: Event) -> str:
        match event:
            case events.StepOutput(step=step, line=line, at=at):
                seconds = max(at - self._started.get(step, at), 0.0)
                return f"#{self._number(step)} {seconds:.1f} {words.printable(line)}\n"
            case events.StepStarted() | events.StepCached():
                return self._step_begins(event)
            case events.StepDone() | events.StepFailed():
                return self._step_ends(event)
            case events.TransferStarted() | events.TransferDone():
                return self._transfer(event)
            case events.TransferAdvanced() | events.StepExecs():
                return self._kept(event)
            case _:
                return self._of_build(event)

    def _kept(self, event: events.TransferAdvanced | events.StepExecs) -> str:
        if isinstance(event, events.StepExecs):
            self._execs[event.step] = words.execs(event.native, event.all)
        return ""

    def _step_begins(self, event: events.StepStarted | events.StepCached) -> str:
        head = f"#{self._number(event.step)} {words.one_line(event.label)}"
        if isinstance(event, events.StepCached):
            return f"{head}\n#{self._number(event.step)} CACHED\n"
        self._started[event.step] = event.at
        mode = ", ".join((event.mode, *event.quirks))
        return f"{head} ({mode})\n" if event.mode == "emulated" else f"{head}\n"

    def _step_ends(self, event: events.StepDone | events.StepFailed) -> str:
        self._started.pop(event.step, None)
        number = self._number(event.step)
        execs = self._execs.pop(event.step, "")
        if isinstance(event, events.StepFailed):
            return f"#{number} ERROR: {words.one_line(event.message)}\n"
        return f"#{number} DONE {event.seconds:.1f}s{execs}\n"

    def _transfer(self, event: events.TransferStarted | events.TransferDone) -> str:
        number = self._number(event.transfer)
        if isinstance(event, events.TransferStarted):
            self._started[event.transfer] = event.at
            size = f" {words.size(event.total_bytes)}" if event.total_bytes else ""
            return f"#{number} {event.verb} {words.one_line(event.subject)}{size}\n"
        seconds = event.at - self._started.pop(event.transfer, event.at)
        return f"#{number} {'SKIPPED' if event.skipped else f'DONE {max(seconds, 0.0):.1f}s'}\n"

    def _of_build(self, event: Event) -> str:
        match event:
            case events.BuildStarted(dockerfile=dockerfile, platforms=platforms, steps=steps):
                return f"#0 building {dockerfile} for {', '.join(platforms)}: {steps} steps\n"
            case events.Notice(level=level, message=message, hint=hint):
                prefix = "WARNING: " if level == "warning" else ""
                first = f"{prefix}{message}".replace("\n", "\n#0 ")
                return f"#0 {first}\n" + (f"#0 hint: {hint}\n" if hint else "")
            case events.ImageBuilt():
                self._images.append(event)
            case events.BuildDone():
                images, self._images = self._images, []
                return tables.image_table(images) + tables.closing_line(event) + "\n"
            case _:
                pass
        return ""

    def _number(self, key: str) -> int:
        return self._numbers.setdefault(key, len(self._numbers) + 1)

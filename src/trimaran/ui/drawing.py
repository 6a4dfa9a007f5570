"""The lines of the live view, each fitted to the terminal's width."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from trimaran.events import ImageBuilt, Notice
from trimaran.ui import tables, words
from trimaran.ui.progress import (
    Closing,
    Failed,
    Finished,
    Mark,
    Permanent,
    Progress,
    Step,
    Transfer,
)

_WIDE_COLUMNS = 60
_MARK_STYLES: dict[Mark, str] = {
    "native": "green",
    "emulated": "yellow",
    "cached": "cyan",
    "": "",
}
_BAR_COLUMNS = 20


def rows(progress: Progress, console: Console, *, now: float) -> list[Text]:
    """The live lines: running steps, transfers, a summary; never higher than the terminal.

    Args:
        progress: what is under way.
        console: its size and encoding are asked.
        now: seconds since the epoch.
    """
    lines = list(_live_lines(progress, console, now))
    room = max(console.height - 2, 1)
    if len(lines) > room:
        lines = [*lines[: room - 1], Text(f"  and {len(lines) - room + 1} more", style="dim")]
    if progress.started_at is not None and lines:
        lines.append(_summary(progress, console.width, now - progress.started_at))
    return lines


def permanent(one: Permanent, console: Console) -> RenderableType:
    """The lines that stay on the screen for an end, a failure or a notice."""
    match one:
        case Finished(label=label, mark=mark, seconds=seconds, execs=execs):
            time = "" if seconds is None else words.duration(seconds)
            sign = Text(_sign(console, "✔", "+"), style="green")
            return _row(
                sign, mark, words.one_line(label) + execs, output="", time=time, width=console.width
            )
        case Failed():
            return _failure(one, console)
        case Notice(level=level, message=message, hint=hint):
            text = Text("warning: " if level == "warning" else "", style="yellow")
            text.append(message, style="default")
            return Group(text, Text(hint, style="dim")) if hint else text
        case Closing(images=images, done=done):
            line = Text(tables.closing_line(done), style="bold", overflow="fold")
            return Group(_image_table(images), line) if images else line


def _live_lines(progress: Progress, console: Console, now: float) -> Iterator[Text]:
    for step in progress.steps.values():
        yield _step_row(step, console, now)
    for transfer in progress.transfers.values():
        yield _transfer_row(transfer, console, now)


def _step_row(step: Step, console: Console, now: float) -> Text:
    last = next((line for line in reversed(step.tail) if line.strip()), "")
    return _row(
        Text(_sign(console, "•", "*")),
        step.mark,
        words.one_line(step.label),
        output=words.printable(last).strip(),
        time=words.duration(now - step.started_at),
        width=console.width,
    )


def _row(sign: Text, mark: Mark, label: str, *, output: str, time: str, width: int) -> Text:
    """Sign, mark, label, output and, at the right edge, time: `width` columns or less."""
    shown_mark = f"{mark:<8}" if width >= _WIDE_COLUMNS else mark[:1]
    row = Text(no_wrap=True, overflow="crop").append_text(sign).append(" ")
    row.append(shown_mark, style=_MARK_STYLES[mark]).append(" ")
    room = width - row.cell_len - len(time) - 1
    if output and room >= _WIDE_COLUMNS // 2:
        label = _fit(label, room * 3 // 5)
        row.append(label).append("  ")
        row.append(_fit(output, room - cell_len(label) - 2), style="dim")
    else:
        row.append(_fit(label, max(room, 0)))
    row.append(" " * (width - row.cell_len - len(time))).append(time, style="bold")
    row.truncate(width)
    return row


def _transfer_row(transfer: Transfer, console: Console, now: float) -> Text:
    width = console.width
    amount = words.size(transfer.done_bytes)
    if transfer.total_bytes:
        amount += f" of {words.size(transfer.total_bytes)}"
    seconds = now - transfer.started_at
    if seconds > 0 and transfer.done_bytes and width >= _WIDE_COLUMNS:
        amount += f", {words.size(round(transfer.done_bytes / seconds))}/s"
    bar = _bar(transfer, console) if width >= _WIDE_COLUMNS else ""
    subject = f"{transfer.verb} {words.one_line(transfer.subject)}"
    right = f"{bar} {amount}" if bar else amount
    row = Text("  ", no_wrap=True, overflow="crop")
    row.append(_fit(subject, max(width - len(right) - 3, 0)))
    row.append(" " * max(width - row.cell_len - len(right), 1)).append(right, style="blue")
    row.truncate(width)
    return row


def _bar(transfer: Transfer, console: Console) -> str:
    if not transfer.total_bytes:
        return ""
    share = min(transfer.done_bytes / transfer.total_bytes, 1.0)
    full = int(share * _BAR_COLUMNS)
    done, rest = _sign(console, "━", "#"), _sign(console, "╌", ".")
    return done * full + rest * (_BAR_COLUMNS - full)


def _summary(progress: Progress, width: int, seconds: float) -> Text:
    count = f"{progress.finished} of {progress.planned} steps" if progress.planned else ""
    parts = [words.duration(seconds), count, ", ".join(progress.platforms)]
    return Text(_fit("  ".join(part for part in parts if part), width), style="dim", no_wrap=True)


def _failure(failed: Failed, console: Console) -> RenderableType:
    sign = Text(_sign(console, "✘", "x"), style="bold red")
    edge = _sign(console, "│", "|")
    label = words.one_line(failed.label)
    lines = [_row(sign, failed.mark, label, output="", time="", width=console.width)]
    lines += [Text(f"  {edge} {words.printable(line)}", overflow="fold") for line in failed.tail]
    lines.append(Text(f"  {words.one_line(failed.message)}", style="red", overflow="fold"))
    return Group(*lines)


def _image_table(images: tuple[ImageBuilt, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, title in enumerate(tables.IMAGE_TITLES):
        right = number in tables.IMAGE_RIGHT_ALIGNED
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for cells in tables.image_rows(images):
        table.add_row(*cells)
    return table


def _fit(text: str, columns: int) -> str:
    """`text` in at most `columns` columns, its end cut with dots."""
    text = text.expandtabs(1)
    if cell_len(text) <= columns:
        return text
    if columns <= len("..."):
        return set_cell_size(text, columns)
    return set_cell_size(text, columns - 3).rstrip() + "..."


def _sign(console: Console, wanted: str, plain: str) -> str:
    return wanted if console.encoding.startswith("utf") else plain

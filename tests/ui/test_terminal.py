from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.ui.samples import EVENTS, FAILURE

from trimaran import events
from trimaran.ui import drawing
from trimaran.ui.progress import Progress
from trimaran.ui.terminal import TerminalView, terminal_console

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def shown(stream: io.StringIO) -> str:
    return ESCAPE.sub("", stream.getvalue())


def drawn(sequence: tuple[events.Event, ...], *, width: int = 100) -> str:
    stream = io.StringIO()
    with TerminalView(terminal_console(stream, no_color=True, width=width)) as view:
        for event in sequence:
            view.emit(event)
    return shown(stream)


def rows(
    sequence: tuple[events.Event, ...], *, width: int = 100, height: int = 24, now: float = 1014.0
) -> list[str]:
    progress = Progress()
    for event in sequence:
        progress.apply(event)
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height)
    return [row.plain for row in drawing.rows(progress, console, now=now)]


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_running_step_has_mark_label_last_line_and_time() -> None:
    first, second, summary = rows(EVENTS[:8])
    assert " ".join(first.split()) == "• native [linux/amd64 2/3] RUN make all cc -O2 größe.c 13.0s"
    assert "emulated [linux/arm64 2/3] RUN make \\ all  cc 100%" in second
    assert second.endswith("13.0s")
    assert "0 of 5 steps" in summary


def test_a_transfer_has_a_bar_its_bytes_and_its_speed() -> None:
    (row,) = rows(EVENTS[:3], now=1002.0)
    assert "pull busybox sha256:1111" in row
    assert row.endswith("━" * 8 + "╌" * 12 + " 500.0 kB of 1.2 MB, 250.0 kB/s")


def test_a_transfer_of_unknown_size_has_no_bar() -> None:
    sequence = (EVENTS[13], events.TransferAdvanced("t2", 3000))
    assert rows(sequence, now=1076.0)[0].endswith("  3.0 kB")


@pytest.mark.parametrize("width", [1, 5, 12, 20, 40, 59, 60, 80, 200])
def test_rows_fit_every_width(width: int) -> None:
    wide = events.StepOutput("a", "漢字\t" * 40, 1002.0)
    transfer = events.TransferStarted("t9", "push", "x" * 300, 9, 1001.0)
    for row in rows((*EVENTS[:8], wide, transfer), width=width):
        assert cell_len(row) <= width
        assert "\n" not in row


def test_many_steps_do_not_outgrow_the_terminal() -> None:
    steps = tuple(
        events.StepStarted(str(n), f"step {n}", "linux/arm64", "emulated", 1.0) for n in range(50)
    )
    found = rows(steps, height=10)
    assert len(found) == 9
    assert "and 43 more" in found[7]


def test_what_ended_stays_on_the_screen() -> None:
    lines = [line.rstrip() for line in drawn(EVENTS).splitlines()]
    text = "\n".join(lines)
    assert re.search(r"✔ native +\[linux/amd64 2/3\] RUN make all +4\.2s", text)
    assert re.search(r"✔ emulated \[linux/arm64 2/3\] RUN make \\ all +1m 15s", text)
    assert re.search(r"✔ cached +\[linux/amd64 3/3\] COPY \. /", text)
    assert "warning: linux/arm64 is slow here" in lines
    assert re.search(r"linux/arm64 +sha256:bbbb +2\.1 MB +1m 15s", text)
    assert [line for line in lines if line][
        -1
    ] == "built sha256:cc as 127.0.0.1:5000/whoami:latest in 1m 16s"


def test_a_failed_step_shows_its_last_lines() -> None:
    text = drawn(FAILURE)
    assert re.search(r"✘ emulated \[linux/arm64 2/2\] RUN false", text)
    assert text.index("│ first line") < text.index("│ last line") < text.index("exit status 1")


def test_a_narrow_terminal_gets_everything() -> None:
    text = drawn((*EVENTS, *FAILURE), width=30)
    assert "✔ n [linux/amd64 2/3]" in text
    assert max(cell_len(line) for line in text.splitlines()) <= 30


def test_a_terminal_without_utf_8_gets_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1", write_through=True)
    console = terminal_console(stream, no_color=False, width=80)
    with TerminalView(console) as view:
        for event in (*EVENTS, *FAILURE):
            view.emit(event)
    text = ESCAPE.sub("", raw.getvalue().decode("latin-1"))
    assert "+ native" in text
    assert "x emulated" in text
    assert "| last line" in text


def test_no_color_means_no_color() -> None:
    colors = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|38;|9[0-7])[;m\d]*")
    found = []
    for no_color in (False, True):
        stream = io.StringIO()
        console = Console(
            file=stream, force_terminal=True, no_color=no_color, color_system="standard", width=80
        )
        with TerminalView(console) as view:
            for event in EVENTS:
                view.emit(event)
        found.append(bool(colors.search(stream.getvalue())))
    assert found == [True, False]


def test_the_live_lines_are_drawn_while_the_build_runs_and_erased_at_its_end() -> None:
    stream = io.StringIO()
    console = terminal_console(stream, no_color=True, width=80)
    with TerminalView(console, refreshes_per_s=100, clock=lambda: 1014.0) as view:
        for event in EVENTS[:8]:
            view.emit(event)
        wait_until(lambda: "cc 100%" in shown(stream))
        assert "✔" not in stream.getvalue()
    # Cursor up and erase line, for each live line; the cursor is shown again.
    assert stream.getvalue().count("\x1b[2K") >= 3
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_a_notice_alone_starts_no_thread() -> None:
    stream = io.StringIO()
    before = threading.active_count()
    with TerminalView(terminal_console(stream, no_color=True, width=80)) as view:
        view.emit(events.Notice("info", "resolving"))
        assert threading.active_count() == before
        assert shown(stream) == "resolving\n"


def test_the_drawing_thread_ends_with_the_view_and_later_events_are_dropped() -> None:
    stream = io.StringIO()
    before = threading.active_count()
    view = TerminalView(terminal_console(stream, no_color=True, width=80))
    view.emit(EVENTS[4])
    assert threading.active_count() == before + 1
    view.close()
    view.emit(events.StepDone("a", 1.0, 2.0))
    view.close()
    assert threading.active_count() == before
    assert "✔" not in stream.getvalue()


def test_a_slow_terminal_does_not_hold_emit_up() -> None:
    release = threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            release.wait(10)
            return super().write(text)

    view = TerminalView(terminal_console(Stuck(), no_color=True, width=80), refreshes_per_s=100)
    begin = time.monotonic()
    for event in EVENTS:
        view.emit(event)
        time.sleep(0.005)
    seconds = time.monotonic() - begin
    release.set()
    view.close()
    assert seconds < 2


def test_a_hundred_thousand_lines_take_about_a_second() -> None:
    line = events.StepOutput("a", "Setting up libc6-dev (2.36-9+deb12u10) ...", 1002.0)
    stream = io.StringIO()
    with TerminalView(terminal_console(stream, no_color=True, width=80)) as view:
        view.emit(EVENTS[4])
        begin = time.process_time()
        for _ in range(100_000):
            view.emit(line)
        seconds = time.process_time() - begin
    assert seconds < 3.0
    assert len(stream.getvalue()) < 100_000

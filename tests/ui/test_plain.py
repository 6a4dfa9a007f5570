from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path

from tests.ui.samples import EVENTS, FAILURE

from trimaran import events
from trimaran.ui.plain import PlainView

GOLDEN = """\
#0 building Dockerfile for linux/amd64, linux/arm64: 5 steps
#1 pull busybox sha256:1111 1.2 MB
#1 DONE 0.5s
#2 [linux/amd64 2/3] RUN make all
#3 [linux/arm64 2/3] RUN make \\ all (emulated)
#2 0.2 cc -O2 größe.c
#3 12.3 cc 100%
#2 DONE 4.2s
#4 [linux/amd64 3/3] COPY . /
#4 CACHED
#0 WARNING: linux/arm64 is slow here
#0 hint: buy a ship
#3 DONE 75.0s
#5 push 127.0.0.1:5000/whoami sha256:2222
#5 SKIPPED
PLATFORM     DIGEST         SIZE    TIME
linux/amd64  sha256:aa     812 B    4.2s
linux/arm64  sha256:bbbb  2.1 MB  1m 15s
built sha256:cc as 127.0.0.1:5000/whoami:latest in 1m 16s
"""


def drawn(sequence: tuple[events.Event, ...], stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    with PlainView(stream) as view:
        for event in sequence:
            view.emit(event)
    return stream.getvalue()


def test_a_build_gives_the_golden_text() -> None:
    assert drawn(EVENTS) == GOLDEN


def test_a_failed_step_ends_with_its_error() -> None:
    assert drawn(FAILURE).splitlines() == [
        "#1 [linux/arm64 2/2] RUN false (emulated)",
        "#1 0.5 first line",
        "#1 1.0 last line",
        "#1 ERROR: exit status 1",
    ]


def test_an_event_after_the_end_is_dropped() -> None:
    stream = io.StringIO()
    view = PlainView(stream)
    view.close()
    view.emit(EVENTS[0])
    assert not stream.getvalue()


def test_output_of_an_unknown_step_is_still_shown() -> None:
    assert drawn((events.StepOutput("z", "hello", 5.0),)) == "#1 0.0 hello\n"


def test_what_the_encoding_lacks_becomes_a_question_mark(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w", encoding="ascii") as stream, PlainView(stream) as view:
        view.emit(EVENTS[4])
        view.emit(EVENTS[6])
        view.emit(events.StepOutput("a", "lone \udcff", 1001.5))
    assert path.read_text("ascii").splitlines()[1:] == ["#1 0.2 cc -O2 gr??e.c", "#1 0.5 lone ?"]


def test_each_line_is_in_the_pipe_at_once() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as out, os.fdopen(writer, "w") as stream:
        PlainView(stream).emit(EVENTS[0])
        assert os.read(out.fileno(), 4096).startswith(b"#0 building")


def test_a_reader_that_left_does_not_end_the_build() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", buffering=1)
    view = PlainView(stream)
    for event in EVENTS:
        view.emit(event)
    os.close(writer)
    try:
        stream.close()
    except OSError:
        assert stream.closed


def test_lines_of_many_threads_stay_whole() -> None:
    stream = io.StringIO()
    view = PlainView(stream)

    def work(name: str) -> None:
        for number in range(500):
            view.emit(events.StepOutput(name, f"{name} {number} end", 0.0))

    threads = [threading.Thread(target=work, args=(f"s{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4000
    assert all(line.startswith("#") and line.endswith(" end") for line in lines)


def test_a_hundred_thousand_lines_take_about_a_second(tmp_path: Path) -> None:
    line = events.StepOutput("s", "Setting up libc6-dev (2.36-9+deb12u10) ...", 3.0)
    with (tmp_path / "log").open("w") as stream, PlainView(stream) as view:
        begin = time.process_time()
        for _ in range(100_000):
            view.emit(line)
        seconds = time.process_time() - begin
    assert seconds < 3.0

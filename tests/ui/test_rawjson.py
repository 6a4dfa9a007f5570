from __future__ import annotations

import io
import json

import msgspec
from tests.ui.samples import EVENTS, FAILURE

from trimaran import events
from trimaran.ui.rawjson import RawJsonView

GOLDEN = """\
{"event":"step-started","step":"a","label":"[linux/arm64 2/2] RUN false","platform":\
"linux/arm64","mode":"emulated","at":10.0,"quirks":[]}
{"event":"step-output","step":"a","line":"first line","at":10.5}
{"event":"step-output","step":"a","line":"last line","at":11.0}
{"event":"step-failed","step":"a","message":"exit status 1","at":11.0}
"""


def drawn(sequence: tuple[events.Event, ...]) -> str:
    stream = io.StringIO()
    with RawJsonView(stream) as view:
        for event in sequence:
            view.emit(event)
    return stream.getvalue()


def test_events_give_the_golden_text() -> None:
    assert drawn(FAILURE) == GOLDEN


def test_each_line_decodes_to_its_event() -> None:
    decoder = msgspec.json.Decoder(events.Event)
    assert tuple(map(decoder.decode, drawn(EVENTS).splitlines())) == EVENTS


def test_lines_are_ascii() -> None:
    text = drawn(EVENTS)
    assert text.isascii()
    assert "größe" in json.loads(text.splitlines()[6])["line"]


def test_a_lone_surrogate_is_escaped() -> None:
    line = json.loads(drawn((events.StepOutput("a", "\udcff", 1.0),)))
    assert line == {"event": "step-output", "step": "a", "line": "\udcff", "at": 1.0}


def test_a_total_in_bytes_is_in_camel_case() -> None:
    line = drawn((events.TransferStarted("t", "pull", "x", 5, 1.0),))
    assert json.loads(line)["totalBytes"] == 5

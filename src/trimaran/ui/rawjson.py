"""One event a line as JSON, for programs: `--progress rawjson`."""

from __future__ import annotations

import json
from typing import TextIO

import msgspec

from trimaran.events import Event
from trimaran.ui.stream import Sink
from trimaran.ui.view import View


class RawJsonView(View):
    """Writes each event as an object whose `event` names its kind; all other names are camelCase.

    The lines are ASCII (other characters are escaped), so they are UTF-8 on every stream.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._sink = Sink(stream)
        self._encode = msgspec.json.Encoder().encode

    def _take(self, event: Event) -> None:
        self._sink.write(self._text(event) + "\n")

    def _text(self, event: Event) -> str:
        try:
            raw = self._encode(event)
        except UnicodeEncodeError:  # a lone surrogate: JSON's escapes can carry it
            raw = b"\xff"
        if raw.isascii():
            return raw.decode("ascii")
        return json.dumps(msgspec.to_builtins(event), separators=(",", ":"))

"""A step's output: bytes of a pipe to lines of text, of bounded length."""

from __future__ import annotations

import os
import re
import select
import threading
from collections.abc import Callable

LINE_LIMIT_CHARACTERS = 4096
"""Longer lines are given in pieces, so that a program that never ends a line costs no memory."""

_CHUNK_BYTES = 65_536
_POLL_MS = 100
_ENDS = re.compile(rb"\r*\n|\r")


class Lines:
    """Cuts bytes into lines.

    A lone carriage return ends a line too: progress displays then give a line per state.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        # A carriage return at the end may be half of a line's end.
        *ended, self._rest = _split(self._rest + data)
        while len(self._rest) > LINE_LIMIT_CHARACTERS:
            ended.append(self._rest[:LINE_LIMIT_CHARACTERS])
            self._rest = self._rest[LINE_LIMIT_CHARACTERS:]
        return [piece for line in ended for piece in _pieces(line)]

    def end(self) -> list[str]:
        """The last line, if it lacks its end."""
        rest, self._rest = self._rest.rstrip(b"\r"), b""
        return _pieces(rest) if rest else []


def read_lines(
    descriptor: int,
    stop: threading.Event,
    take: Callable[[str], None],
    look: Callable[[], None] = lambda: None,
) -> bool:
    """Give each line of a pipe to `take` until all its writers have closed it.

    `look` is called meanwhile, many times a second; what it raises ends the reading.

    Returns:
        False if `stop` was set before.
    """
    lines = Lines()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while not stop.is_set():
        look()
        if not poll.poll(_POLL_MS):
            continue
        data = os.read(descriptor, _CHUNK_BYTES)
        for line in lines.feed(data) if data else lines.end():
            take(line)
        if not data:
            return True
    return False


def _split(data: bytes) -> list[bytes]:
    body = data.rstrip(b"\r")
    parts = _ENDS.split(body)
    if len(body) < len(data):
        parts[-1] += b"\r"
    return parts


def _pieces(line: bytes) -> list[str]:
    text = line.decode("utf-8", "replace")
    step = LINE_LIMIT_CHARACTERS
    return [text[start : start + step] for start in range(0, max(len(text), 1), step)]

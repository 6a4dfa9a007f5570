"""Chooses the view that `--progress` names."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TextIO

from trimaran.errors import UsageError
from trimaran.ui.plain import PlainView
from trimaran.ui.quiet import QuietView
from trimaran.ui.rawjson import RawJsonView
from trimaran.ui.view import View

Kind = Literal["auto", "tty", "plain", "rawjson", "quiet"]


def open_view(
    kind: Kind,
    stream: TextIO,
    *,
    is_terminal: bool,
    no_color: bool = False,
    refreshes_per_s: float = 8.0,
    clock: Callable[[], float] = time.time,
) -> View:
    """A view that draws on `stream`, to be used in a `with`.

    Args:
        kind: as `--progress` names it; `auto` is `tty` on a terminal, else `plain`.
        stream: where to draw; standard error, as results go to standard output.
        is_terminal: whether `stream` is a terminal that can move its cursor (TERM is not dumb).
        no_color: whether the user wants none (NO_COLOR, see no-color.org).
        refreshes_per_s: how often the live view is drawn at most.
        clock: seconds since the epoch, the time of the events.

    Raises:
        UsageError: `tty` was asked for and `stream` is no terminal.
    """
    match kind:
        case "rawjson":
            return RawJsonView(stream)
        case "quiet":
            return QuietView()
        case "tty" if not is_terminal:
            raise UsageError("--progress tty needs a terminal", "use --progress plain in a pipe")
        case "auto" | "tty" if is_terminal:
            # rich takes a tenth of a second to load, which pipes need not wait for.
            from trimaran.ui.terminal import TerminalView, terminal_console  # noqa: PLC0415

            console = terminal_console(stream, no_color=no_color)
            return TerminalView(console, refreshes_per_s=refreshes_per_s, clock=clock)
        case _:
            return PlainView(stream)

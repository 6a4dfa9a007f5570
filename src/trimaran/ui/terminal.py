"""The live view: a line per running step and transfer; what has ended scrolls up for good.

This module and `drawing` load rich; `views.open_view` loads them when a terminal is drawn on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TextIO, cast

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from trimaran.events import Event, Notice
from trimaran.ui import drawing
from trimaran.ui.progress import Permanent, Progress
from trimaran.ui.stream import Sink
from trimaran.ui.view import View


def terminal_console(stream: TextIO, *, no_color: bool, width: int | None = None) -> Console:
    """A rich console on a terminal's stream; `width` None asks the terminal, at each drawing."""
    return Console(
        file=cast("TextIO", Sink(stream)),
        force_terminal=True,
        no_color=no_color,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
    )


class TerminalView(View):
    """Draws at most `refreshes_per_s` times a second, in a thread of its own.

    `emit` only takes the event in, so neither a slow terminal nor a flood of output holds a build
    up. The thread begins with the first event that is no Notice: a command may open its view before
    it enters its namespaces, which the kernel refuses to a process of several threads.

    Args:
        console: where to draw.
        refreshes_per_s: above 0.
        clock: seconds since the epoch, the time of the events.
    """

    def __init__(
        self,
        console: Console,
        *,
        refreshes_per_s: float = 8.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._console = console
        self._period_s = 1.0 / refreshes_per_s
        self._clock = clock
        self._progress = Progress()
        self._pending: list[Permanent] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        """Draw what is left and give the terminal back."""
        super().close()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._print_pending()

    def _take(self, event: Event) -> None:
        permanent = self._progress.apply(event)
        if permanent is not None:
            self._pending.append(permanent)
        if self._thread is None:
            if isinstance(event, Notice):
                self._print_pending()
            else:
                self._thread = threading.Thread(target=self._draw, name="ui", daemon=True)
                self._thread.start()

    def _draw(self) -> None:
        live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with live:
            while not self._stop.wait(self._period_s):
                self._frame(live)
            self._print_pending()
            live.update(Text(""))  # one line high, so that the cursor returns to where it was

    def _frame(self, live: Live) -> None:
        with self._lock:
            rows = drawing.rows(self._progress, self._console, now=self._clock())
        live.update(Group(*rows))
        if not self._print_pending():
            live.refresh()

    def _print_pending(self) -> bool:
        """Print what stays, above the live lines; says whether there was any."""
        with self._lock:
            pending, self._pending = self._pending, []
        if pending:
            self._console.print(
                Group(*(drawing.permanent(one, self._console) for one in pending)), soft_wrap=False
            )
        return bool(pending)

"""A unit of work, and the one exception by which it says that it gave up on request."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec


class Stopped(Exception):  # noqa: N818 - no error: the work was called off
    """Work ended early because `stop` was set; it is no failure of its own."""


class Task(msgspec.Struct, frozen=True):
    """Something to do once everything it needs is done.

    Attributes:
        key: its unique name.
        needs: keys of the tasks that must have succeeded before.
        action: does it; runs in a thread of its own, raises to fail, and is to raise `Stopped`
            soon after `stop` is set.
        heavy: it keeps a core busy; light tasks mostly wait for the network or the disk.
    """

    key: str
    needs: tuple[str, ...]
    action: Callable[[], None]
    heavy: bool = True


def check(stop: threading.Event) -> None:
    """Give up if `stop` is set.

    Raises:
        Stopped: it is.
    """
    if stop.is_set():
        raise Stopped

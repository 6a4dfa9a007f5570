"""What every view is: a context manager with `emit`, open to all threads."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from trimaran.events import Event


class View(ABC):
    """Draws the events of one command.

    `emit` may be called from any thread; an event that comes after the end is dropped.
    """

    def __init__(self) -> None:
        # Reentrant: a signal's handler may emit while the main thread is in here.
        self._lock = threading.RLock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def emit(self, event: Event) -> None:
        with self._lock:
            if not self._closed:
                self._take(event)

    def close(self) -> None:
        """End the view; its stream is left open."""
        with self._lock:
            self._closed = True

    @abstractmethod
    def _take(self, event: Event) -> None:
        """Draw or keep one event; called by one thread at a time."""

"""The view that shows nothing: `--progress quiet`, `-q`. Errors are shown by the command."""

from __future__ import annotations

from trimaran.events import Event
from trimaran.ui.view import View


class QuietView(View):
    def _take(self, event: Event) -> None:
        del event

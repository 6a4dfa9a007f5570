from __future__ import annotations

import io
import subprocess
import sys

import pytest
from tests.ui.samples import EVENTS

from trimaran.errors import UsageError
from trimaran.ui.plain import PlainView
from trimaran.ui.quiet import QuietView
from trimaran.ui.rawjson import RawJsonView
from trimaran.ui.terminal import TerminalView
from trimaran.ui.view import View
from trimaran.ui.views import Kind, open_view


@pytest.mark.parametrize(
    ("kind", "is_terminal", "expected"),
    [
        ("auto", True, TerminalView),
        ("auto", False, PlainView),
        ("tty", True, TerminalView),
        ("plain", True, PlainView),
        ("rawjson", True, RawJsonView),
        ("quiet", False, QuietView),
    ],
)
def test_the_kind_chooses_the_view(kind: Kind, is_terminal: bool, expected: type[View]) -> None:
    with open_view(kind, io.StringIO(), is_terminal=is_terminal) as view:
        assert type(view) is expected


def test_tty_needs_a_terminal() -> None:
    with pytest.raises(UsageError, match="--progress tty needs a terminal"):
        open_view("tty", io.StringIO(), is_terminal=False)


def test_quiet_draws_nothing() -> None:
    stream = io.StringIO()
    with open_view("quiet", stream, is_terminal=False) as view:
        for event in EVENTS:
            view.emit(event)
    assert not stream.getvalue()


def test_a_pipe_loads_no_rich() -> None:
    program = (
        "import sys; from trimaran.ui.views import open_view;"
        "open_view('auto', sys.stderr, is_terminal=False); print('rich' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert answer.stdout == b"False\n"

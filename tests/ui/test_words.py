from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.ui import words


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (12_345_678, "12.3 MB"),
        (5_000_000_000, "5.0 GB"),
        (7 * 10**15, "7000.0 TB"),
    ],
)
def test_size(size_bytes: int, text: str) -> None:
    assert words.size(size_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1.0, "0.0s"),
        (0.04, "0.0s"),
        (59.94, "59.9s"),
        (59.96, "1m 00s"),
        (75.0, "1m 15s"),
        (3599.6, "1h 00m"),
        (7380.0, "2h 03m"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("a\tb", "a\tb"),
        ("10%\r50%\r100%", "100%"),
        ("100%\r", "100%"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("bell\x07\x9b2J", "bell2J"),
        ("größe\xa0x", "größe\xa0x"),
    ],
)
def test_printable(line: str, shown: str) -> None:
    assert words.printable(line) == shown


@given(st.text())
def test_nothing_printable_moves_a_terminal(line: str) -> None:
    shown = words.printable(line)
    assert not any(
        character != "\t" and (character < " " or "\x7f" <= character <= "\x9f")
        for character in shown
    )


def test_one_line_joins_a_run_of_several_lines() -> None:
    assert words.one_line("RUN a \\\n   && b\n") == "RUN a \\ && b"

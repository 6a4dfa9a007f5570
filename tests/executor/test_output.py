from __future__ import annotations

import itertools
import os
import threading

from hypothesis import given
from hypothesis import strategies as st

from trimaran.executor.output import LINE_LIMIT_CHARACTERS, Lines, read_lines


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[left:right] for left, right in itertools.pairwise(edges)]


@given(st.text(alphabet="ab\r\nä", max_size=60), st.lists(st.integers(0, 200), max_size=6))
def test_lines_do_not_depend_on_how_the_bytes_come(text: str, places: list[int]) -> None:
    whole, parts = Lines(), Lines()
    data = text.encode()
    expected = [*whole.feed(data), *whole.end()]
    found = [line for piece in cut(data, places) for line in parts.feed(piece)] + parts.end()
    assert [line for line in found if line] == [line for line in expected if line]


@given(st.lists(st.text(alphabet=st.characters(blacklist_categories=["C", "Z"])), max_size=8))
def test_lines_are_what_was_printed(lines: list[str]) -> None:
    reader = Lines()
    assert reader.feed("".join(f"{line}\n" for line in lines).encode()) == lines
    assert reader.end() == []


def test_carriage_returns() -> None:
    reader = Lines()
    assert reader.feed(b"10%\r20%\r") == ["10%"]
    assert reader.feed(b"30%\r\nnext\r") == ["20%", "30%"]
    assert reader.feed(b"\ntail") == ["next"]
    assert reader.end() == ["tail"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert Lines().feed(b"a\xff\xfeb\n") == ["a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"]


def test_a_line_without_end_comes_in_pieces() -> None:
    reader = Lines()
    pieces = reader.feed(b"x" * (3 * LINE_LIMIT_CHARACTERS + 1))
    assert [len(piece) for piece in pieces] == [LINE_LIMIT_CHARACTERS] * 3
    assert reader.end() == ["x"]


def test_reading_ends_with_the_last_writer() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"one\ntwo")
    os.close(writer)
    lines: list[str] = []
    assert read_lines(reader, threading.Event(), lines.append)
    assert lines == ["one", "two"]
    os.close(reader)


def test_reading_ends_with_a_stop() -> None:
    reader, writer = os.pipe()
    stop = threading.Event()
    os.write(writer, b"one\n")
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        stop.set()

    assert not read_lines(reader, stop, take)
    assert lines == ["one"]
    os.close(reader)
    os.close(writer)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.errors import ContextError
from trimaran.executor import modes


@pytest.mark.parametrize(
    ("text", "mode", "folder", "result"),
    [
        ("", 0o4751, False, 0o4751),
        ("755", 0o600, False, 0o755),
        ("01777", 0o600, True, 0o1777),
        ("u+x", 0o644, False, 0o744),
        ("+x", 0o644, False, 0o755),
        ("a-w", 0o666, False, 0o444),
        ("go=", 0o777, False, 0o700),
        ("g=u", 0o640, False, 0o660),
        ("u=rwX,go=rX", 0o600, False, 0o644),
        ("u=rwX,go=rX", 0o700, False, 0o755),
        ("u=rwX,go=rX", 0o600, True, 0o755),
        ("u+s,g+s", 0o755, False, 0o6755),
        ("u-s", 0o4755, False, 0o755),
        ("+t", 0o755, True, 0o1755),
        ("u+r-w", 0o200, False, 0o400),
    ],
)
def test_changed_mode(text: str, mode: int, folder: bool, result: int) -> None:
    assert modes.parse(text).of(mode, folder=folder) == result


@pytest.mark.parametrize(
    ("text", "mode"), [("", 0o755), ("1777", 0o777), ("600", 0o600), ("u+s,go=", 0o755)]
)
def test_mode_of_folders_on_the_way(text: str, mode: int) -> None:
    assert modes.parse(text).of_new_folder() == mode


@pytest.mark.parametrize("text", ["888", "77777", "u", "rw", "u+q", "u+x,", "0o755", "-1"])
def test_malformed(text: str) -> None:
    with pytest.raises(ContextError, match="invalid --chmod"):
        modes.parse(text)


@given(st.text("ugoa+-=rwxXst,", max_size=12), st.integers(0, 0o7777), st.booleans())
def test_every_accepted_mode_stays_in_range(text: str, mode: int, folder: bool) -> None:
    try:
        parsed = modes.parse(text)
    except ContextError:
        return
    assert 0 <= parsed.of(mode, folder=folder) <= 0o7777

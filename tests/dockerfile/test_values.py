from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.dockerfile import values


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("30s", 30_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1.5h", 5_400_000_000_000),
        (".5s", 500_000_000),
        ("5.ms", 5_000_000),
        ("2us3ns", 2_003),
        ("2µs", 2_000),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert values.parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5x", "5s5", ".s", "9999999h", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        values.parse_duration(text)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (2_000_000, "2ms"),
        (999_999_999, "999.999999ms"),
        (1_000_000_000, "1s"),
        (61_000_000_000, "1m1s"),
        (3_600_000_000_000, "1h0m0s"),
        (3_661_500_000_000, "1h1m1.5s"),
    ],
)
def test_durations_are_written_as_go_does(nanoseconds: int, text: str) -> None:
    assert values.format_duration(nanoseconds) == text


@given(st.integers(0, 2**63 - 1))
def test_a_written_duration_is_read_back(nanoseconds: int) -> None:
    assert values.parse_duration(values.format_duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", ["80/tcp"]),
        ("80/", ["80/tcp"]),
        ("53/UDP", ["53/udp"]),
        ("1-3/sctp", ["1/sctp", "2/sctp", "3/sctp"]),
        ("8080:80", ["80/tcp"]),
        ("127.0.0.1:8080:80/udp", ["80/udp"]),
        ("[::1]::80", ["80/tcp"]),
        ("9000-9001:1-2", ["1/tcp", "2/tcp"]),
        ("9000-9009:1", ["1/tcp"]),
    ],
)
def test_ports(text: str, ports: list[str]) -> None:
    assert values.parse_ports(text) == ports


@pytest.mark.parametrize(
    "text",
    ["", "/tcp", "a", "65536", "80/http", "3-1", "1-2-3", "x:80", "1.2:1:80", "1-3:1-2", "-1", "٣"],
)
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        values.parse_ports(text)


@pytest.mark.parametrize(
    "text", ["SIGTERM", "term", "9", "64", "SIGRTMIN+15", "RTMAX-1", "RTMIN", "SigQuit"]
)
def test_signals(text: str) -> None:
    assert values.is_signal(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "SIGFOO", "RTMIN+16", "RTMIN-1", "TERM "])
def test_what_is_no_signal(text: str) -> None:
    assert not values.is_signal(text)


@pytest.mark.parametrize("text", ["0", "644", "07777", "u=rwX,go=rX", "+x", "a-w", "u+s,g=u", "="])
def test_modes(text: str) -> None:
    assert values.is_mode(text)


@pytest.mark.parametrize("text", ["", "8", "10000", "rw", "u=rwz", "u+x,", "0x1ff"])
def test_what_is_no_mode(text: str) -> None:
    assert not values.is_mode(text)

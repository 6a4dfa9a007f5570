"""The filters and amounts of `du` and `prune`."""

from __future__ import annotations

import time

import pytest

from trimaran.cli import cache_filters
from trimaran.cli.cache_filters import kept_bytes
from trimaran.errors import UsageError
from trimaran.store.units import About, Unit

GB = 1 << 30


def unit(**fields: object) -> Unit:
    values: dict[str, object] = {
        "id": "abc234",
        "type": "regular",
        "about": About("[build 1/2] RUN pip install", "linux/arm64"),
        "used_s": time.time() - 3600,
        "in_use": False,
        "shared": False,
        "parts": (),
    }
    return Unit(**{**values, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), True),
        (("until=30m",), True),
        (("unused-for=1h1m",), False),
        (("id=^abc",), True),
        (("id~=c23",), True),
        (("id!=abc234",), False),
        (("id!=abc",), True),
        (("type=regular",), True),
        (("type=reg",), False),
        (("type!=exec.cachemount",), True),
        (("description~=pip (un)?install",), True),
        (("inuse=true",), False),
        (("inuse!=true", "private=1", "shared=false", "mutable=false", "immutable=true"), True),
        (("until=30m", "type=internal"), False),
    ],
)
def test_filters_that_hold_or_not(filters: tuple[str, ...], expected: bool) -> None:
    assert cache_filters.read(filters)(unit()) is expected


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (("inuse",), "--filter 'inuse' is not NAME=VALUE"),
        (("=x",), "is not NAME=VALUE"),
        (("age=1h",), "--filter age=1h: no such filter"),
        (("until!=1h",), "no such filter"),
        (("until=soon",), "--filter until=soon: 'soon' is not a duration"),
        (("until=1h", "unused-for=2h"), "until is named twice"),
        (("id=(",), "--filter id=(: "),
        (("mutable=perhaps",), "is neither true nor false"),
        (("mutable~=true",), "no such filter"),
    ],
)
def test_filters_that_cannot_be(filters: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        cache_filters.read(filters)
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ((0, 0, 0), 0),
        ((5, 0, 0), 5),
        ((0, 4, 0), 4),
        ((5, 4, 0), 5),  # what is reserved stays
        ((0, 0, 2), 10),  # 3 are free already
        ((0, 0, 7), 6),
        ((0, 4, 7), 4),
        ((8, 4, 7), 8),
        ((0, 0, 50), 0),
    ],
)
def test_how_much_of_ten_stays(amounts: tuple[int, int, int], expected: int) -> None:
    reserved, max_used, min_free = amounts
    kept = kept_bytes(10, 3, reserved=reserved, max_used=max_used, min_free=min_free)
    assert kept == expected


def test_amounts_of_space() -> None:
    assert cache_filters.size_bytes("--max-used-space", "1.5gb") == GB * 3 // 2
    assert cache_filters.size_bytes("--max-used-space", "") == 0
    with pytest.raises(UsageError, match="--keep-storage 'much'"):
        cache_filters.size_bytes("--keep-storage", "much")

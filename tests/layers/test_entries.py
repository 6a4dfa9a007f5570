from __future__ import annotations

import pytest

from trimaran.layers.entries import parts, shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"a/b", (b"a", b"b")),
        (b"/a//b/", (b"a", b"b")),
        (b"./a/./b", (b"a", b"b")),
        (b"a/../b", (b"b",)),
        (b".", ()),
        (b"/", ()),
        (b"", ()),
        (b"...", (b"...",)),
        (b"\xff", (b"\xff",)),
    ],
)
def test_names_are_taken_below_the_root(name: bytes, expected: tuple[bytes, ...]) -> None:
    assert parts(name) == expected


@pytest.mark.parametrize("name", [b"..", b"../x", b"a/../../x", b"/../x", b"a\0b"])
def test_names_out_of_the_root_are_refused(name: bytes) -> None:
    with pytest.raises(ValueError, match="the name"):
        parts(name)


def test_odd_names_can_be_printed() -> None:
    shown(b"\xff\n").encode()
    assert shown(b"\xff\n") == "'\\udcff\\n'"

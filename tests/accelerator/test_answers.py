"""The bytes of answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.accelerator.answers import LIMIT_BYTES, SLOTS, Emulate, Native, encode

FIELDS = st.lists(st.text(st.characters(blacklist_characters="\0", codec="utf-8"), min_size=1))


def test_an_emulated_program_has_one_field() -> None:
    assert encode(Emulate("/bin/uname", "it tells"), 6) == b"E6\0"


@given(FIELDS, st.integers(0, SLOTS - 2))
def test_a_native_one_has_its_counter_and_its_fields_or_is_emulated(
    fields: list[str], slot: int
) -> None:
    found = encode(Native("/bin/sed", "x", "sed 4.9-2", tuple(fields)), slot)
    whole = b"".join(field.encode() + b"\0" for field in (f"c{slot}", *fields))
    assert found == (whole if len(whole) <= LIMIT_BYTES else f"E{slot}\0".encode())


def test_what_the_interpreter_would_misread_is_emulated() -> None:
    assert encode(Native("/bin/sed", "x", "sed", ("a" * LIMIT_BYTES,)), 0) == b"E0\0"
    assert encode(Native("/bin/sed", "x", "sed", ("xa\0E9",)), 0) == b"E0\0"


@pytest.mark.parametrize("slot", [-1, SLOTS - 1, SLOTS])
def test_a_slot_has_room_for_both_counters(slot: int) -> None:
    with pytest.raises(ValueError, match="slot"):
        encode(Emulate("/bin/uname", ""), slot)

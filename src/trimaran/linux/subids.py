"""Subordinate ids: subuid(5), subgid(5), and the rows of a user namespace's id map."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

_FIRST = 100_000  # where useradd starts (login.defs, SUB_UID_MIN)
_EVERY = 2**32 - 1  # ids that there are; the last number means none
_COUNT = 65_536  # what an image may use: ids fit into 16 bits


class Range(msgspec.Struct, frozen=True):
    """`count` ids from `first` on."""

    first: int
    count: int

    @property
    def end(self) -> int:
        """The first id behind the range."""
        return self.first + self.count


class Row(msgspec.Struct, frozen=True):
    """A row of /proc/PID/uid_map: `count` ids from `inside` on are those from `outside` on."""

    inside: int
    outside: int
    count: int


def parse(text: str, owners: Iterable[str] | None = None) -> tuple[Range, ...]:
    """The ranges in the text of /etc/subuid or /etc/subgid; lines that are malformed are left out.

    Args:
        text: lines of OWNER:FIRST:COUNT.
        owners: the user's name and id; None takes every owner's.
    """
    wanted = None if owners is None else set(owners)
    fields = (line.strip().split(":") for line in text.splitlines())
    return tuple(
        Range(int(field[1]), int(field[2]))
        for field in fields
        if len(field) == 3  # noqa: PLR2004 - OWNER:FIRST:COUNT
        and (wanted is None or field[0] in wanted)
        and field[1].isdecimal()
        and field[2].isdecimal()
        and int(field[2])
    )


def free(taken: Iterable[Range]) -> Range:
    """The first range of 65536 ids from 100000 on that meets none of `taken`."""
    found = Range(_FIRST, _COUNT)
    for other in sorted(taken, key=lambda one: one.first):
        if found.first < other.end and other.first < found.end:
            found = Range(other.end, _COUNT)
    return found


def user_rows(own: int, ranges: Iterable[Range]) -> tuple[Row, ...]:
    """0 is the user's own id, and from 1 on come all of the subordinate ids."""
    rows = [Row(0, own, 1)]
    for one in ranges:
        rows.append(Row(rows[-1].inside + rows[-1].count, one.first, one.count))
    return tuple(rows)


def identity_rows(id_map: str) -> tuple[Row, ...]:
    """Every id that the text of /proc/self/uid_map knows stays itself.

    The initial namespace's one row of all ids becomes two: runc takes a process whose map has that
    row for one in the initial namespace, and then asks for powers over devices and cgroups.
    """
    firsts = (line.split() for line in id_map.splitlines())
    rows = tuple(Row(int(first), int(first), int(count)) for first, _, count in firsts)
    if rows == (Row(0, 0, _EVERY),):
        return Row(0, 0, _COUNT), Row(_COUNT, _COUNT, _EVERY - _COUNT)
    return rows

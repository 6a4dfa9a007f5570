"""Results as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.runs import Run


@dataclass(frozen=True, slots=True)
class Row:
    """A case of which `state` says more; `speed` is trimaran's, None in a table without it."""

    title: str
    state: str
    ours: Run
    theirs: Run
    speed: str | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        ours, theirs = self.ours, self.theirs
        return (
            self.title,
            self.state,
            f"{ours.seconds:.2f} s",
            f"{theirs.seconds:.2f} s",
            f"{ours.seconds / theirs.seconds:.2f}",
            f"{ours.peak_mib:.0f} MiB",
            f"{theirs.peak_mib:.0f} MiB",
            *(() if self.speed is None else (self.speed,)),
        )


def head(case: str, state: str, peer: str) -> tuple[str, ...]:
    """The names of a row's cells, the speed's left out."""
    return (case, state, "trimaran", peer, "ratio", "peak RSS", f"{peer}'s")


def markdown(heading: Sequence[str], rows: Sequence[Row]) -> str:
    lines = [heading, ("---",) * len(heading), *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(heading: Sequence[str], rows: Sequence[Row]) -> str:
    lines = [heading, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )

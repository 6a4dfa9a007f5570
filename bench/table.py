"""Results as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.runs import Run

_HEAD = ("case", "stores", "trimaran", "buildah", "ratio", "peak RSS", "buildah's")


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    state: str
    trimaran: Run
    buildah: Run

    @property
    def cells(self) -> tuple[str, ...]:
        ours, theirs = self.trimaran, self.buildah
        return (
            self.title,
            self.state,
            f"{ours.seconds:.2f} s",
            f"{theirs.seconds:.2f} s",
            f"{ours.seconds / theirs.seconds:.2f}",
            f"{ours.peak_mib:.0f} MiB",
            f"{theirs.peak_mib:.0f} MiB",
        )


def markdown(rows: Sequence[Row]) -> str:
    lines = [_HEAD, ("---",) * len(_HEAD), *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(rows: Sequence[Row]) -> str:
    lines = [_HEAD, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )

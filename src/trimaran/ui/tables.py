"""Tables of results in plain text, aligned: a build's last words."""

from __future__ import annotations

from collections.abc import Sequence

from trimaran.events import BuildDone, ImageBuilt
from trimaran.ui import words

IMAGE_TITLES = ("PLATFORM", "DIGEST", "SIZE", "TIME")
IMAGE_RIGHT_ALIGNED = (2, 3)


def plain_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], right_aligned: Sequence[int] = ()
) -> str:
    """A table of text, columns two spaces apart, each line ended by a newline.

    Args:
        titles: one per column.
        rows: as many cells each as there are titles.
        right_aligned: the numbers, from 0, of columns that are aligned at their right.
    """
    table = [tuple(titles), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "".join(_line(row, widths, right_aligned) for row in table)


def image_rows(images: Sequence[ImageBuilt]) -> list[tuple[str, str, str, str]]:
    """The cells of the table of a build's images, under IMAGE_TITLES."""
    return [
        (image.platform, image.digest, words.size(image.size_bytes), words.duration(image.seconds))
        for image in images
    ]


def image_table(images: Sequence[ImageBuilt]) -> str:
    """The table of a build's images as plain text; empty if there are none."""
    if not images:
        return ""
    return plain_table(IMAGE_TITLES, image_rows(images), IMAGE_RIGHT_ALIGNED)


def closing_line(done: BuildDone) -> str:
    """What a build ended in: its digest, names and time."""
    names = f" as {', '.join(done.names)}" if done.names else ""
    return f"built {done.digest}{names} in {words.duration(done.seconds)}"


def _line(row: Sequence[str], widths: Sequence[int], right_aligned: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if number in right_aligned else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip() + "\n"

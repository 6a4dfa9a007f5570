"""What differs between two images of a case, as lines to be read."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from tests.conformance.allowed import ALWAYS, SAME_AS, WITHOUT_EPOCH, Config
from tests.conformance.case import Case
from tests.support.flatten import Image


def differences(case: Case, ours: Image, theirs: Image) -> list[str]:
    """Lines of what differs, none if they agree: `-` is the engine's, `+` is trimaran's."""
    found = [*_of_files(ours.lines(), theirs.lines())]
    if case.epoch:
        found += _of_times(ours, theirs)
    return [*found, *_of_values("config", _config(case, ours), _config(case, theirs))]


def refusals(ours: str, theirs: str) -> list[str]:
    """The same of what was said when both refused: the line, if theirs names one."""
    mine, other = _place(ours), _place(theirs)
    if mine == other or not other:
        return []
    return [f"- refused at line {other}", f"+ refused at line {mine or 'none'}"]


def _place(said: str) -> str:
    """The first line that is named with the Dockerfile."""
    found = re.search(r"Dockerfile[\w.-]*:(\d+)|parse error on line (\d+)", said)
    return found[1] or found[2] if found else ""


def _of_files(ours: dict[str, list[str]], theirs: dict[str, list[str]]) -> Iterator[str]:
    for path in sorted({*ours, *theirs}):
        mine, other = ours.get(path), theirs.get(path)
        if mine == other:
            continue
        if mine is None or other is None:
            yield f"{'-' if mine is None else '+'} {path}: {', '.join(mine or other or [])}"
            continue
        yield from (f"- {path}: {line}" for line in other if line not in mine)
        yield from (f"+ {path}: {line}" for line in mine if line not in other)


def _of_times(ours: Image, theirs: Image) -> Iterator[str]:
    for path in sorted({*ours.files} & {*theirs.files}):
        mine, other = ours.files[path].mtime, theirs.files[path].mtime
        if mine != other:
            yield f"- {path}: time {other}"
            yield f"+ {path}: time {mine}"


def _of_values(name: str, mine: Any, other: Any) -> Iterator[str]:
    """Two JSON values, down to the fields that differ."""
    if isinstance(mine, dict) and isinstance(other, dict):
        for key in sorted({*mine, *other}):
            yield from _of_values(f"{name}.{key}", mine.get(key), other.get(key))
    elif isinstance(mine, list) and isinstance(other, list) and len(mine) == len(other):
        for number, pair in enumerate(zip(mine, other, strict=True)):
            yield from _of_values(f"{name}[{number}]", *pair)
    elif mine != other:
        yield f"- {name}: {other!r}"
        yield f"+ {name}: {mine!r}"


def _config(case: Case, image: Image) -> Config:
    config = copy.deepcopy(image.config)
    omissions = [ALWAYS]
    if not case.epoch:
        omissions.append(WITHOUT_EPOCH)
    if case.same_as:
        omissions.append(SAME_AS)
    for omission in omissions:
        omission.take_out(config)
    return config

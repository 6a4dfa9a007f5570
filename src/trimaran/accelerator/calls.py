"""Programs of which every call is judged by all that it is told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trimaran.accelerator import conditions, floats, linking, rust
from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.trees import Tree

_METADATA = "it writes a crate's metadata, in an order that shows the machine"
_WEIGHT = 25
"""What a compilation weighs, as in `Emulate`: two are worth a hint."""


class Call(msgspec.Struct, frozen=True):
    """What a program was called with.

    Attributes:
        root: its root, as this process sees it.
        folder: its working directory there.
        argv: its argument vector.
        environment: its environment, `NAME=value`.
    """

    root: Path
    folder: str
    argv: tuple[str, ...]
    environment: tuple[str, ...]

    def value(self, name: str) -> str:
        """A variable's value; empty if it is not set. Of two the first counts, as in getenv(3)."""
        found = (one.partition("=") for one in self.environment)
        return next((value for key, _, value in found if key == name), "")

    def condition(self, fields: Sequence[str]) -> str:
        """As `conditions.refusal`: which of an answer's conditions makes it an emulated one."""
        argv, environment = (tuple(map(os.fsencode, one)) for one in (self.argv, self.environment))
        return conditions.refusal(fields, argv, environment)


def judged(answer: Native, call: Call) -> Answer:
    """What becomes of one call of a program with a stand-in.

    Raises:
        OSError: its root is gone.
    """
    if call.condition(answer.fields):
        return answer  # the interpreter sees that by itself
    with Tree(call.root) as tree:
        if answer.calls == "rust":
            return _rust(tree, answer, call)
        reason = _reason(tree, answer.calls, call)
    return Emulate(answer.program, reason, settled=False) if reason else answer


def _reason(tree: Tree, calls: str, call: Call) -> str:
    match calls:
        case "bash":
            return floats.of_bash(tree, call.folder, call.argv)
        case "ld":
            return linking.refusal(tree, call.folder, call.argv[1:])
        case "sort":
            return floats.of_sort(call.argv[1:])
        case _:
            return ""


def _rust(tree: Tree, answer: Native, call: Call) -> Answer:
    arguments, library_path = call.argv[1:], call.value("LD_LIBRARY_PATH")
    reason = rust.refusal(tree, answer.program, call.folder, arguments, library_path)
    if reason:
        return Emulate(answer.program, reason, settled=False)
    if answer.exact and rust.writes_metadata(tree, call.folder, arguments):
        return Emulate(answer.program, _METADATA, settled=False, unequal=True, weight=_WEIGHT)
    return answer

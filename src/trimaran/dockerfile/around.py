"""What an instruction sees beside its stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.graph.steps import ContextFiles, StepFiles


class Surroundings(msgspec.Struct, frozen=True):
    """What an instruction sees beside its stage.

    Attributes:
        scope: global and automatic arguments.
        build_args: what the user gave.
        origin: the files that a COPY --from reads.
    """

    escape: str
    scope: Mapping[str, str]
    build_args: Mapping[str, str]
    origin: Callable[[df.Copy], ContextFiles | StepFiles]

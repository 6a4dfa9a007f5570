"""What an instruction sees beside its stage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.bases import Origin
from trimaran.dockerfile.checks.findings import Finding
from trimaran.graph.steps import ContextFiles, Network, StepFiles


class Surroundings(msgspec.Struct, frozen=True):
    """What an instruction sees beside its stage.

    Attributes:
        scope: global and automatic arguments.
        build_args: what the user gave.
        origin: the files that a COPY --from reads.
        place: the files that any other `from` names.
        network: of a RUN that does not say.
        entitlements: what a RUN may ask for, such as `network.host`.
        report: takes what the rules of a check find.
    """

    escape: str
    scope: Mapping[str, str]
    build_args: Mapping[str, str]
    origin: Callable[[df.Copy], ContextFiles | StepFiles]
    place: Callable[[Origin], ContextFiles | StepFiles]
    report: Callable[[Iterable[Finding]], None]
    network: Network = "default"
    entitlements: Collection[str] = ()

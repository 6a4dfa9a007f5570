"""The kinds of steps and their edges.

A step stands for a file system: its parent's (None is the empty one) and the one layer it adds.
Values only: nothing here does I/O. What cannot change a result (proxies, the mode in which a step
runs) is no part of a step.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from trimaran.oci.models import Descriptor
from trimaran.platforms import Platform


class Extract(msgspec.Struct, frozen=True, eq=False):
    """One layer of a base image.

    Attributes:
        image: the base's name as the user wrote it, for messages.
    """

    parent: Step | None
    layer: Descriptor
    diff_id: str
    image: str


class Run(msgspec.Struct, frozen=True, eq=False):
    """A program that runs on the parent's file system.

    Attributes:
        arguments: the argument vector, shell included.
        environment: NAME=value, in order.
        directory: absolute working directory.
        user: as USER writes it: name or id, and group; empty is root.
        platform: whose programs run.
    """

    parent: Step | None
    arguments: tuple[str, ...]
    environment: tuple[str, ...]
    directory: str
    user: str
    platform: Platform


class ContextFiles(msgspec.Struct, frozen=True, eq=False):
    """Files of a local folder: `context` is "" for the build context, else a named one's name."""

    context: str


class StepFiles(msgspec.Struct, frozen=True, eq=False):
    """Files of another stage's or image's file system; None is the empty one."""

    step: Step | None


class Copy(msgspec.Struct, frozen=True, eq=False):
    """COPY, and ADD of local files.

    Attributes:
        paths: the sources as written, expanded, possibly with wildcards; relative to the root.
        destination: absolute; a trailing slash is kept, it means a folder.
        owner: --chown as written, expanded; empty is 0:0 from a context, kept from a step.
        mode: --chmod as written, expanded; empty keeps the source's.
        unpack: local tar archives are unpacked (ADD).
    """

    parent: Step | None
    source: ContextFiles | StepFiles
    paths: tuple[str, ...]
    destination: str
    owner: str = ""
    mode: str = ""
    unpack: bool = False


class MakeFolder(msgspec.Struct, frozen=True, eq=False):
    """WORKDIR: the folder and its missing parents, 0755, owned by `user` as USER writes it."""

    parent: Step | None
    path: str
    user: str


Step = Extract | Run | Copy | MakeFolder


def inputs(step: Step) -> tuple[Step, ...]:
    """The steps whose file systems `step` needs, its parent first."""
    parent = () if step.parent is None else (step.parent,)
    if isinstance(step, Copy) and isinstance(step.source, StepFiles) and step.source.step:
        return (*parent, step.source.step)
    return parent


def chain(step: Step | None) -> tuple[Step, ...]:
    """`step` and its parents, base first: the layers of its file system."""
    found: list[Step] = []
    while step is not None:
        found.append(step)
        step = step.parent
    return tuple(reversed(found))


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step that `steps` need, themselves included, inputs first, each object once."""
    seen: set[int] = set()
    stack = [(step, False) for step in reversed(steps)]
    while stack:
        step, ready = stack.pop()
        if ready:
            yield step
        elif id(step) not in seen:
            seen.add(id(step))
            stack.append((step, True))
            stack.extend((need, False) for need in reversed(inputs(step)) if id(need) not in seen)

"""The kinds of steps and their edges.

A step stands for a file system: its parent's (None is the empty one) and the one layer it adds.
Values only: nothing here does I/O. What cannot change a result (proxies, the mode in which a step
runs, a secret's value) is no part of a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from trimaran.oci.models import Descriptor
from trimaran.platforms import Platform

Network = Literal["default", "none", "host"]
Security = Literal["sandbox", "insecure"]
Sharing = Literal["shared", "private", "locked"]


class Extract(msgspec.Struct, frozen=True, eq=False):
    """One layer of a base image.

    Attributes:
        image: the base's name as the user wrote it, for messages.
    """

    parent: Step | None
    layer: Descriptor
    diff_id: str
    image: str


class BindMount(msgspec.Struct, frozen=True, eq=False):
    """Part of a step's file system: of a stage, an image, or the files of a context.

    Attributes:
        step: whose file system; None is the empty one.
        path: what of it is mounted, absolute.
        writable: the program may write; nothing of that is kept.
    """

    target: str
    step: Step | None
    path: str = "/"
    writable: bool = False


class CacheMount(msgspec.Struct, frozen=True, eq=False):
    """A folder that outlives builds.

    Attributes:
        key: which folder, the platform's own part included.
        step: whose file system it is filled from when new; None leaves it empty.
        path: the folder there, absolute.
        mode, uid, gid: of the folder when new.
    """

    target: str
    key: str
    sharing: Sharing = "shared"
    step: Step | None = None
    path: str = "/"
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    writable: bool = True


class TmpfsMount(msgspec.Struct, frozen=True, eq=False):
    """An empty file system in memory; a size of 0 sets no limit."""

    target: str
    size_bytes: int = 0


class SecretMount(msgspec.Struct, frozen=True, eq=False):
    """A secret as a file, as an environment variable, or both.

    Attributes:
        target: the file's absolute path; empty for none.
        variable: the variable's name; empty for none.
        required: its absence fails the step.
    """

    id: str
    target: str = ""
    variable: str = ""
    required: bool = False
    mode: int = 0o400
    uid: int = 0
    gid: int = 0


class SshMount(msgspec.Struct, frozen=True, eq=False):
    """The socket of an SSH agent, and SSH_AUTH_SOCK that names it."""

    id: str
    target: str
    required: bool = False
    mode: int = 0o600
    uid: int = 0
    gid: int = 0


Mount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount


class Run(msgspec.Struct, frozen=True, eq=False):
    """A program that runs on the parent's file system.

    Attributes:
        arguments: the argument vector, shell included.
        environment: NAME=value, in order.
        directory: absolute working directory.
        user: as USER writes it: name or id, and group; empty is root.
        platform: whose programs run.
        mounts: in the order in which they are mounted.
    """

    parent: Step | None
    arguments: tuple[str, ...]
    environment: tuple[str, ...]
    directory: str
    user: str
    platform: Platform
    mounts: tuple[Mount, ...] = ()
    network: Network = "default"
    security: Security = "sandbox"


class ContextFiles(msgspec.Struct, frozen=True, eq=False):
    """Files of a local folder: `context` is "" for the build context, else a named one's name."""

    context: str


class StepFiles(msgspec.Struct, frozen=True, eq=False):
    """Files of another stage's or image's file system; None is the empty one."""

    step: Step | None


class InlineFiles(msgspec.Struct, frozen=True, eq=False):
    """Files whose contents the Dockerfile holds: a name and a text each."""

    files: tuple[tuple[str, str], ...]


class Download(msgspec.Struct, frozen=True, eq=False):
    """One file from the web; `checksum` is `ALGORITHM:HEX`, empty if none was asked for."""

    url: str
    checksum: str = ""


class GitTree(msgspec.Struct, frozen=True, eq=False):
    """A checkout of a git repository, as ADD and contexts write it: `URL[#REF[:SUBFOLDER]]`.

    Attributes:
        remote: what git fetches from.
        ref: a branch, a tag or a commit; empty is the repository's HEAD.
        subfolder: the folder of it that is meant; empty is the whole.
        keep_git: the folder `.git` is part of it; None says nothing, which means no.
        checksum: the commit that it must be, or its beginning; empty if none was asked for.
        submodules: they are fetched too.
    """

    remote: str
    ref: str = ""
    subfolder: str = ""
    keep_git: bool | None = None
    checksum: str = ""
    submodules: bool = True


FileSource = ContextFiles | StepFiles | InlineFiles | Download | GitTree


class Part(msgspec.Struct, frozen=True, eq=False):
    """Sources of one COPY or ADD that come from one place.

    Attributes:
        paths: as written, expanded, possibly with wildcards; relative to the source's root.
        unpack: tar archives are unpacked.
    """

    source: FileSource
    paths: tuple[str, ...]
    unpack: bool = False


class Copy(msgspec.Struct, frozen=True, eq=False):
    """COPY and ADD.

    Attributes:
        parts: in the order in which they are copied.
        destination: absolute; a trailing slash is kept, it means a folder.
        owner: --chown as written, expanded; empty is 0:0 from a context, kept from a step.
        mode: --chmod as written, expanded; empty keeps the source's.
        link: the layer is made on nothing, so that it does not depend on its parent.
        keep_parents: sources keep their folders (--parents).
        excludes: patterns of what is left out of copied folders, relative to each.
    """

    parent: Step | None
    parts: tuple[Part, ...]
    destination: str
    owner: str = ""
    mode: str = ""
    link: bool = False
    keep_parents: bool = False
    excludes: tuple[str, ...] = ()


class MakeFolder(msgspec.Struct, frozen=True, eq=False):
    """WORKDIR: the folder and its missing parents, 0755, owned by `user` as USER writes it."""

    parent: Step | None
    path: str
    user: str


Step = Extract | Run | Copy | MakeFolder


def ground(step: Step) -> Step | None:
    """The file system on which a step is carried out: its parent's, or nothing (COPY --link)."""
    return None if isinstance(step, Copy) and step.link else step.parent


def inputs(step: Step) -> tuple[Step, ...]:
    """The steps whose file systems are needed to make `step`, the one it is made on first."""
    needed = (ground(step), *_sources(step))
    return tuple(need for need in needed if need is not None)


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
            below = (step.parent, *_sources(step))
            stack.extend((need, False) for need in reversed(below) if need and id(need) not in seen)


def context_mounts(step: Step) -> tuple[Step, ...]:
    """The steps that only bring a context's files to the mounts of a RUN."""
    return tuple(
        source
        for source in (_sources(step) if isinstance(step, Run) else ())
        if isinstance(source, Copy)
        and source.parent is None
        and all(isinstance(part.source, ContextFiles) for part in source.parts)
    )


def _sources(step: Step) -> tuple[Step | None, ...]:
    match step:
        case Copy(parts=parts):
            return tuple(p.source.step for p in parts if isinstance(p.source, StepFiles))
        case Run(mounts=mounts):
            return tuple(m.step for m in mounts if isinstance(m, BindMount | CacheMount))
        case _:
            return ()

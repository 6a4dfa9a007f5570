"""The stage on which a container runs: its root mounted, its files and its user at hand.

Steps and `trimaran run` share it: they differ in what becomes of the top layer.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from trimaran.errors import HostError
from trimaran.executor import merging, mountpoints, surroundings
from trimaran.executor.bundle import BindMount, Container, TmpfsMount, complete_environment
from trimaran.executor.surroundings import HOSTS, RESOLV_CONF, Surroundings
from trimaran.executor.users import ProcessUser, process_user
from trimaran.store import trees
from trimaran.store.snapshots import PendingSnapshot

_FOLDERS = ("dev", "proc", "sys")
_NAME = "run"
_TMPFS = stat.S_IFDIR | 0o1777


@dataclass(frozen=True, slots=True)
class Program:
    """What is to run.

    Attributes:
        arguments: the argument vector.
        environment: NAME=value.
        directory: absolute.
        user: as USER writes it.
        mounts: beside the usual ones.
        isolated, insecure: as `bundle.Container` has them.
        terminal: whether it gets a terminal.
    """

    arguments: tuple[str, ...]
    environment: tuple[str, ...]
    directory: str
    user: str
    mounts: tuple[BindMount | TmpfsMount, ...] = ()
    terminal: bool = False
    isolated: bool = False
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A container that can be started, and the empty folder for its bundle."""

    container: Container
    bundle: Path


@contextmanager
def prepared(
    program: Program,
    pending: PendingSnapshot,
    lowers: Sequence[Path],
    lent: Surroundings,
    *,
    show_sys: bool,
    extra: Mapping[str, str] | None = None,
    memory: Path | None = None,
) -> Iterator[Stage]:
    """Mount the root of a container, whose changes go into `pending`; undone at the end.

    Args:
        program: what is to run.
        pending: the snapshot on top.
        lowers: the parents' folders, base first.
        lent: what the machine lends.
        show_sys: whether /sys may be shown.
        extra: variables for where neither the program nor `lent` sets them.
        memory: a tmpfs for the bundle, which holds the variables, if one is a secret.

    Raises:
        HostError: a mount was refused, or the user is not among this user's ids.
        ImageError: the user is not in the image, or a mount point is of another kind.
    """
    place = pending.work.parent / _NAME
    stubs, bundle = place / "stubs", (memory or place) / "bundle"
    for folder in (place, stubs, bundle):
        folder.mkdir()
    with merging.viewed(lowers, place / "view") as view:
        points = {mount.destination: _point(mount) for mount in program.mounts}
        files = mountpoints.make_stubs(view, stubs, (RESOLV_CONF, HOSTS), points)
        made = mountpoints.new_folders(view, stubs)
    with merging.merged(pending, lowers, place / "root", stubs=stubs) as root:
        mountpoints.make_folders(root, _FOLDERS)
        user = process_user(program.user, root)
        refuse_unmapped(user, Path("/proc/self/uid_map").read_text(), program.user)
        mounts = (*lent.provide(place, files), *program.mounts)
        variables = {**(extra or {}), **lent.environment}
        container = _container(program, root, user, mounts, variables, show_sys=show_sys)
        limited = replace(container, shm_size_bytes=lent.shm_size_bytes, ulimits=lent.ulimits)
        yield Stage(limited, bundle)
    mountpoints.vanish(pending.fs, made)
    trees.remove(place.parent, _NAME)


def refuse_unmapped(user: ProcessUser, id_map: str, text: str) -> None:
    """Refuse a user whose id this user namespace does not have.

    Args:
        user: as whom a process is to run.
        id_map: the text of /proc/self/uid_map (user_namespaces(7)).
        text: as USER writes it.

    Raises:
        HostError: it has none.
    """
    rows = [[int(word) for word in line.split()] for line in id_map.splitlines()]
    if not any(first <= user.uid < first + count for first, _, count in rows):
        raise HostError(
            f"user {text} has the id {user.uid}, which is not among this user's subordinate ids",
            "use a lower id, or add a range: usermod --add-subuids FIRST-LAST NAME",
        )


def _point(mount: BindMount | TmpfsMount) -> int:
    if isinstance(mount, TmpfsMount):
        return _TMPFS  # runc gives a new tmpfs the mode of its mount point
    return mountpoints.FOLDER if mount.source.is_dir() else mountpoints.FILE


def _container(
    program: Program,
    root: Path,
    user: ProcessUser,
    mounts: tuple[BindMount | TmpfsMount, ...],
    extra: Mapping[str, str],
    *,
    show_sys: bool,
) -> Container:
    return Container(
        root=root,
        arguments=program.arguments,
        environment=complete_environment(program.environment, user, extra),
        directory=program.directory or "/",
        user=user,
        mounts=mounts,
        show_sys=show_sys,
        terminal=program.terminal,
        size=surroundings.terminal_size() if program.terminal else (0, 0),
        machine=surroundings.machine(),
        hard_files=surroundings.hard_files(),
        isolated=program.isolated,
        insecure=program.insecure,
    )

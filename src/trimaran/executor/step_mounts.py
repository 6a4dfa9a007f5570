"""What a RUN mounts beside its root: made before the step, gone after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trimaran.errors import ContextError, HostError
from trimaran.executor import merging, mountpoints
from trimaran.executor.bundle import BindMount, TmpfsMount
from trimaran.graph import steps
from trimaran.graph.steps import Run, Step
from trimaran.linux import rootfs
from trimaran.linux.mounts import Overlay, mounted
from trimaran.store.store import Store

Tree = Callable[[Step], Sequence[str]]
"""The identities of a step's file system, base first."""


@dataclass
class StepMounts:
    """What is ready to be mounted.

    Attributes:
        mounts: parents before what is below them.
        environment: variables that come with them.
    """

    mounts: list[BindMount | TmpfsMount] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


@contextmanager
def opened(step: Run, place: Path, store: Store, tree: Tree) -> Iterator[StepMounts]:
    """Make what the mounts of a step show.

    Args:
        step: whose mounts.
        place: an empty folder on the file system of the store.
        store: where snapshots are.
        tree: gives the identities of the file systems that are shown.

    Raises:
        ContextError: there is no such file to mount.
        HostError: a mount was refused.
    """
    ready = StepMounts()
    with ExitStack() as stack:
        for number, mount in enumerate(step.mounts):
            folder = place / str(number)
            match mount:
                case steps.BindMount():
                    folder.mkdir()
                    view = stack.enter_context(_view(mount, folder, store, tree))
                    ready.mounts.append(_shown(mount, view))
                case steps.TmpfsMount():
                    ready.mounts.append(TmpfsMount(mount.target, mount.size_bytes))
                case _:
                    raise HostError(f"{type(mount).__name__} is not supported yet")
        yield ready


@contextmanager
def _view(mount: steps.BindMount, folder: Path, store: Store, tree: Tree) -> Iterator[Path]:
    """The file system that a bind shows; what is written to it goes with `folder`."""
    lowers = merging.folders(store, tree(mount.step) if mount.step else ())
    if not mount.writable:
        with merging.viewed(lowers, folder / "view") as view:
            yield view
        return
    view, upper, work = (folder / name for name in ("view", "upper", "work"))
    for path in (view, upper, work):
        path.mkdir()
    if lowers:
        mountpoints.same_root(upper, lowers[-1])
    with mounted(Overlay(tuple(reversed(lowers)), upper, work, view)) as root:
        yield root


def _shown(mount: steps.BindMount, view: Path) -> BindMount:
    try:
        source = rootfs.resolve(view, mount.path)
        options = () if mount.writable else mountpoints.read_only(source)
        source.stat()
    except OSError as error:
        raise ContextError(
            f"there is no {mount.path} to mount on {mount.target}", "check source= and from="
        ) from error
    return BindMount(source, mount.target, options)

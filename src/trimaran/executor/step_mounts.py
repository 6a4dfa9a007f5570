"""What a RUN mounts beside its root: made before the step, gone after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trimaran.errors import ContextError
from trimaran.executor import merging, mountpoints, secret_mounts, ssh_mounts
from trimaran.executor.bundle import BindMount, TmpfsMount
from trimaran.executor.cache_mounts import CacheMounts, Warn
from trimaran.executor.surroundings import Surroundings
from trimaran.graph import steps
from trimaran.graph.steps import Run, Step
from trimaran.linux import rootfs
from trimaran.linux.mounts import Overlay, Tmpfs, mounted
from trimaran.store.store import Store

Tree = Callable[[Step], Sequence[str]]
"""The identities of a step's file system, base first."""


@dataclass
class StepMounts:
    """What is ready to be mounted.

    Attributes:
        mounts: parents before what is below them.
        environment: variables that come with them, over those of the step.
        defaults: variables where the step has none.
        memory: a tmpfs for whatever holds a secret; None if nothing does.
    """

    mounts: list[BindMount | TmpfsMount] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    memory: Path | None = None


class StepMounter:
    """Makes what the mounts of steps show.

    Args:
        store: where snapshots and caches are.
        lent: secrets and SSH agents.
        stop: ends the waiting for a cache.
        warn: takes what is to be said meanwhile.
    """

    def __init__(self, store: Store, lent: Surroundings, stop: threading.Event, warn: Warn) -> None:
        self._store = store
        self._lent = lent
        self._stop = stop
        self._warn = warn

    @contextmanager
    def opened(self, step: Run, place: Path, tree: Tree) -> Iterator[StepMounts]:
        """Make what a step mounts, for the time of a `with` block.

        Args:
            step: whose mounts.
            place: an empty folder on the file system of the store.
            tree: gives the identities of the file systems that are shown.

        Raises:
            ContextError: there is no such file to mount, or a secret or agent was not given.
            HostError: a mount was refused.
            Stopped: `stop` was set.
        """
        ready = StepMounts()
        caches = CacheMounts(self._store, tree, place / "source", self._stop, self._warn)
        with ExitStack() as stack:
            if any(isinstance(mount, steps.SecretMount | steps.SshMount) for mount in step.mounts):
                ready.memory = place / "memory"
                ready.memory.mkdir()
                stack.enter_context(mounted(Tmpfs(ready.memory, mode=0o700)))
            held = stack.enter_context(
                caches.held(mount for mount in step.mounts if isinstance(mount, steps.CacheMount))
            )
            for number, mount in enumerate(step.mounts):
                match mount:
                    case steps.BindMount():
                        folder = place / str(number)
                        folder.mkdir()
                        view = stack.enter_context(_view(mount, folder, self._store, tree))
                        ready.mounts.append(_shown(mount, view))
                    case steps.CacheMount():
                        ready.mounts.append(_cache(mount, held[mount]))
                    case steps.TmpfsMount():
                        ready.mounts.append(TmpfsMount(mount.target, mount.size_bytes))
                    case steps.SecretMount():
                        self._secret(mount, number, ready)
                    case steps.SshMount():
                        self._agent(mount, number, ready, stack)
            yield ready

    def _secret(self, mount: steps.SecretMount, number: int, ready: StepMounts) -> None:
        secret = secret_mounts.find(mount, self._lent.secrets)
        if mount.variable:
            ready.environment |= secret_mounts.as_variable(mount, secret)
        if mount.target and secret and ready.memory:
            file = secret_mounts.as_file(mount, secret, ready.memory, number)
            ready.mounts.append(file)

    def _agent(
        self, mount: steps.SshMount, number: int, ready: StepMounts, stack: ExitStack
    ) -> None:
        # As in BuildKit, the variable names the first socket, also if there is no agent behind it.
        ready.defaults.setdefault("SSH_AUTH_SOCK", mount.target)
        if ready.memory is None:
            raise AssertionError(mount)
        opened = ssh_mounts.opened(mount, self._lent.agents, ready.memory, number)
        socket = stack.enter_context(opened)
        if socket is not None:
            ready.mounts.append(socket)


def _cache(mount: steps.CacheMount, folder: Path) -> BindMount:
    options = () if mount.writable else mountpoints.read_only(folder)
    return BindMount(folder, mount.target, options)


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

"""The caches that a RUN mounts.

All steps take them in one order, so that no two wait for each other.
"""

from __future__ import annotations

import itertools
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from trimaran.errors import ContextError
from trimaran.executor import merging, owning
from trimaran.executor.copying import copy_part
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import CacheMount, Copy, Part, Step, StepFiles
from trimaran.linux import rootfs
from trimaran.scheduler import tasks
from trimaran.store.store import Store

_POLL_S = 0.1
_PATIENCE_S = 5
_NEW = (0o755, 0, 0)

Tree = Callable[[Step], Sequence[str]]
Warn = Callable[[str, str], None]


class CacheMounts:
    """Opens caches.

    Args:
        store: where they are.
        tree: gives the identities of the file systems that new ones are filled from.
        place: an empty folder for what is mounted meanwhile.
        stop: ends the waiting.
        warn: takes what is to be said when it takes long.
    """

    def __init__(
        self, store: Store, tree: Tree, place: Path, stop: threading.Event, warn: Warn
    ) -> None:
        self._store = store
        self._tree = tree
        self._place = place
        self._stop = stop
        self._warn = warn

    @contextmanager
    def held(self, mounts: Iterable[CacheMount]) -> Iterator[Mapping[CacheMount, Path]]:
        """Use the caches of a step's mounts for the time of a `with` block; gives their files.

        Raises:
            ContextError: what a new one is to be filled from is not there.
            HostError: its owner is not among this user's ids.
            StoreError: it cannot be made.
            Stopped: `stop` was set.
        """
        wanted: dict[str, list[CacheMount]] = {}
        for mount in mounts:
            wanted.setdefault(self._key(mount), []).append(mount)
        found: dict[CacheMount, Path] = {}
        with ExitStack() as stack:
            for key, sharers in sorted(wanted.items()):
                folder = self._wait(key, sharers, stack)
                found.update(dict.fromkeys(sharers, folder))
            yield found

    def _key(self, mount: CacheMount) -> str:
        """As in BuildKit, other first contents or another owner are another cache."""
        key = mount.key
        if mount.step is not None:
            key += f" from {self._tree(mount.step)[-1][:16]} {mount.path}"
        if (mount.mode, mount.uid, mount.gid) != _NEW:
            key += f" mode {mount.mode:o} owner {mount.uid}:{mount.gid}"
        return key

    def _wait(self, key: str, sharers: Sequence[CacheMount], stack: ExitStack) -> Path:
        fill = partial(self._fill, sharers[0])
        modes = {mount.sharing for mount in sharers}
        numbers = itertools.count() if modes == {"private"} else itertools.repeat(0)
        started, told = time.monotonic(), False
        for number in numbers:
            alone = modes != {"shared"}
            hold = self._store.caches.held(key, number, alone=alone, fill=fill)
            folder = stack.enter_context(hold)
            if folder is not None:
                return folder
            if modes == {"private"}:
                continue
            tasks.check(self._stop)
            time.sleep(_POLL_S)
            if not told and time.monotonic() - started > _PATIENCE_S:
                told = True
                self._warn(f"waiting for the cache on {sharers[0].target}: it is in use", "")
        raise AssertionError(key)

    def _fill(self, mount: CacheMount, folder: Path) -> None:
        """Give a new cache its first contents.

        As in BuildKit, a copied folder keeps its owner and mode. Where the mount asks for some, the
        cache is an empty folder, unless `source` named one.
        """
        own = (mount.mode, mount.uid, mount.gid) != _NEW
        if mount.step is not None and (mount.path != "/" or not own):
            self._copy(mount, mount.step, folder)
            return
        if mount.step is None and mount.path != "/":
            raise ContextError(
                f"there is no {mount.path} to fill the cache on {mount.target}",
                "say where it is with from=",
            )
        owning.give(folder, mount.uid, mount.gid, mount.mode)

    def _copy(self, mount: CacheMount, step: Step, folder: Path) -> None:
        lowers = merging.folders(self._store, self._tree(step))
        part = Part(StepFiles(step), (mount.path,))
        with merging.viewed(lowers, self._place) as view:
            root = SourceRoot(view, f"what the cache on {mount.target} is filled from", local=False)
            copy_part(Copy(None, (part,), "/"), part, root, folder)
            model = rootfs.resolve(view, mount.path).lstat()
        owning.give(folder, model.st_uid, model.st_gid, stat.S_IMODE(model.st_mode))

"""Executes one step of the graph: its parents' file system, its change, a snapshot of that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from trimaran.emulation.quirks import Quirks
from trimaran.errors import ImageError, StepError
from trimaran.events import (
    Emit,
    Notice,
    TransferAdvanced,
    TransferDone,
    TransferStarted,
)
from trimaran.executor import comparing, inline, merging, sysfs
from trimaran.executor.copying import copy_part
from trimaran.executor.run_steps import RunSteps
from trimaran.executor.running import LayoutCrashError
from trimaran.executor.runtime import Runtime
from trimaran.executor.sources import SourceRoot
from trimaran.executor.stand_ins import NoSupply, Supply
from trimaran.executor.step_mounts import Tree
from trimaran.executor.surroundings import Surroundings
from trimaran.executor.workdir import make_folder
from trimaran.graph.steps import (
    ContextFiles,
    Copy,
    Extract,
    FileSource,
    InlineFiles,
    MakeFolder,
    Run,
    Step,
    StepFiles,
)
from trimaran.layers.apply import apply_layer
from trimaran.platforms import Platform
from trimaran.scheduler import tasks
from trimaran.store.snapshots import PendingSnapshot
from trimaran.store.store import Store

_CHUNK_BYTES = 1024 * 1024
_MERGED, _SOURCE = "merged", "source"
_CRASHED = "a program crashed in the emulator"
_AGAIN_HINT = "it runs once more without address space layout randomisation"


def no_tree(step: Step) -> Sequence[str]:
    """The `Tree` of a step that needs none beside the one that it is done on."""
    raise AssertionError(step)


class Executor:
    """Executes steps; several threads may use one at once.

    Made after `namespaces.enter`, since it makes /sys read-only in this mount namespace.

    Args:
        store: where snapshots and layers are.
        runtime: runs RUN's programs; None if no RUN will be executed.
        lent: what the machine lends to RUN.
        find_files: the folder of a COPY's source that is no step's file system.
        check_copied: raises if what a COPY read there is no longer what its identity says.
        emit: takes the lines that steps print, and the progress of extractions.
        stop: when set, what runs ends with `Stopped`.
        settings: what the emulated programs of a platform need.
        stand_ins: gives an emulated RUN's programs native stand-ins.
    """

    def __init__(
        self,
        store: Store,
        *,
        runtime: Runtime | None,
        lent: Surroundings,
        find_files: Callable[[FileSource], SourceRoot],
        check_copied: Callable[[Copy], None],
        emit: Emit,
        stop: threading.Event,
        settings: Mapping[Platform, Quirks] | None = None,
        stand_ins: Supply | None = None,
    ) -> None:
        self._store = store
        self._find_files = find_files
        self._check_copied = check_copied
        self._emit = emit
        self._stop = stop
        self._stand_ins = stand_ins or NoSupply()
        show_sys = sysfs.protect(hide_cgroups=runtime is not None and runtime.hide_cgroups)
        self._runs = RunSteps(
            store,
            runtime,
            lent,
            emit,
            stop=stop,
            settings=settings or {},
            show_sys=show_sys,
            stand_ins=self._stand_ins,
        )

    def execute(
        self,
        step: Step,
        identity: str,
        lowers: Sequence[str],
        *,
        label: str,
        tree: Tree = no_tree,
    ) -> Path:
        """Do a step and keep its change as the snapshot of `identity`.

        Args:
            step: what to do.
            identity: names the snapshot, and the step in events.
            lowers: identities of the file system that it is done on, base first; empty for an
                empty one.
            label: the step as the user knows it.
            tree: gives the same of any other step that it needs.

        Returns:
            The snapshot's folder.

        Raises:
            StepError: a program failed.
            ContextError, ImageError, LayerError, HostError, StoreError: as the step's kind gives.
            Stopped: `stop` was set.
        """
        try:
            return self._attempt(step, identity, lowers, label, tree)
        except LayoutCrashError as crash:
            # Nothing of the first attempt is left: its snapshot was discarded.
            self._emit(Notice("warning", f"{label}: {_CRASHED} ({crash.message})", _AGAIN_HINT))
            return self._attempt(step, identity, lowers, label, tree, randomize=False)

    def unequal(self, identity: str) -> tuple[str, ...]:
        """The stand-ins of a step that ran here which had another version than the programs."""
        return self._runs.unequal.get(identity, ())

    def _attempt(
        self,
        step: Step,
        identity: str,
        lowers: Sequence[str],
        label: str,
        tree: Tree,
        *,
        randomize: bool = True,
    ) -> Path:
        tasks.check(self._stop)
        folders = merging.folders(self._store, lowers)
        with self._store.new_snapshot(identity) as pending, self._store.guarded(label):
            match step:
                case Run():
                    run = partial(
                        self._runs.run,
                        step,
                        identity,
                        folders=folders,
                        tree=tree,
                        label=label,
                        randomize=randomize,
                    )
                    run(pending)
                    self._verify(step, identity, pending, run, label)
                case Extract():
                    self._extract(step, identity, pending, folders)
                case Copy():
                    self._copy(step, pending, folders, tree)
                case MakeFolder():
                    with merging.merged(pending, folders, _aside(pending, _MERGED)) as root:
                        make_folder(step, root)
            _clear(pending)
            return pending.commit()

    def _verify(
        self,
        step: Run,
        identity: str,
        pending: PendingSnapshot,
        run: Callable[..., None],
        label: str,
    ) -> None:
        """Run a step that had stand-ins again without them, and compare.

        Raises:
            StepError: they made a difference.
        """
        stand_ins = self._stand_ins
        if not stand_ins.verify or stand_ins.stand_ins(step) is None:
            return
        with self._store.new_snapshot(identity) as other:
            run(other, plain=True)
            found = comparing.differences(pending.fs, other.fs)
        if found:
            raise StepError(
                "native stand-ins make a difference:\n" + "\n".join(found),
                step=label,
                platform=str(step.platform),
                hint="--accelerate=off builds without them",
            )
        self._emit(Notice("info", f"{label}: the same without stand-ins"))

    def _extract(
        self, step: Extract, identity: str, pending: PendingSnapshot, folders: tuple[Path, ...]
    ) -> None:
        digest, transfer = step.layer.digest, f"extract-{identity}"
        self._emit(TransferStarted(transfer, "extract", digest, step.layer.size, time.time()))
        with (
            self._store.open_blob(digest) as file,
            merging.merged(pending, folders, _aside(pending, _MERGED)) as root,
        ):
            chunks = self._watched(file, transfer)
            found = apply_layer(
                chunks, step.layer.media_type, root, label=f"{step.image}: layer {digest}"
            )
        if found != step.diff_id:
            raise ImageError(
                f"{step.image}: layer {digest} holds {found}, its config says {step.diff_id}"
            )
        self._emit(TransferDone(transfer, skipped=False, at=time.time()))

    def _watched(self, file: BinaryIO, transfer: str) -> Iterator[bytes]:
        done_bytes = 0
        while chunk := file.read(_CHUNK_BYTES):
            tasks.check(self._stop)
            yield chunk
            done_bytes += len(chunk)
            self._emit(TransferAdvanced(transfer, done_bytes))

    def _copy(
        self,
        step: Copy,
        pending: PendingSnapshot,
        folders: tuple[Path, ...],
        tree: Tree,
    ) -> None:
        with merging.merged(pending, folders, _aside(pending, _MERGED)) as root:
            for part in step.parts:
                with self._files(part.source, pending, tree) as files:
                    copy_part(step, part, files, root)
        if any(isinstance(part.source, ContextFiles) for part in step.parts):
            self._check_copied(step)

    @contextmanager
    def _files(
        self, source: FileSource, pending: PendingSnapshot, tree: Tree
    ) -> Iterator[SourceRoot]:
        match source:
            case StepFiles(step=step):
                below = merging.folders(self._store, tree(step) if step else ())
                with merging.viewed(below, _aside(pending, _SOURCE)) as view:
                    yield SourceRoot(view, "the stage or image copied from", local=False)
            case InlineFiles():
                with inline.written(source, _aside(pending, _SOURCE)) as root:
                    yield root
            case _:
                yield self._find_files(source)


def _aside(pending: PendingSnapshot, name: str) -> Path:
    """A mount point beside the snapshot's own folders; `_clear` removes it."""
    return pending.work.parent / name


def _clear(pending: PendingSnapshot) -> None:
    for name in (_MERGED, _SOURCE):
        path = _aside(pending, name)
        if path.exists():
            path.rmdir()

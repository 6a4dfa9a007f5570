"""Executes one step of the graph: its parents' file system, its change, a snapshot of that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from trimaran.emulation import quirks
from trimaran.emulation.quirks import Quirks
from trimaran.errors import ImageError
from trimaran.events import (
    Emit,
    Notice,
    StepOutput,
    TransferAdvanced,
    TransferDone,
    TransferStarted,
)
from trimaran.executor import merging, stage, sysfs
from trimaran.executor.copying import copy_step
from trimaran.executor.running import LayoutCrashError, StepRun
from trimaran.executor.runtime import Runtime
from trimaran.executor.sources import SourceRoot
from trimaran.executor.stage import Program
from trimaran.executor.surroundings import Surroundings
from trimaran.executor.workdir import make_folder
from trimaran.graph.steps import ContextFiles, Copy, Extract, MakeFolder, Run, Step, StepFiles
from trimaran.layers.apply import apply_layer
from trimaran.platforms import Platform
from trimaran.scheduler import tasks
from trimaran.store.snapshots import PendingSnapshot
from trimaran.store.store import Store

_CHUNK_BYTES = 1024 * 1024
_MERGED, _SOURCE = "merged", "source"
_CRASHED = "a program crashed in the emulator"
_AGAIN_HINT = "it runs once more without address space layout randomisation"


class Executor:
    """Executes steps; several threads may use one at once.

    Made after `namespaces.enter`, since it makes /sys read-only in this mount namespace.

    Args:
        store: where snapshots and layers are.
        runtime: runs RUN's programs; None if no RUN will be executed.
        lent: what the machine lends to RUN.
        contexts: the local folders that COPY may read; "" is the build context.
        check_copied: raises if what a COPY read there is no longer what its identity says.
        emit: takes the lines that steps print, and the progress of extractions.
        stop: when set, what runs ends with `Stopped`.
        settings: what the emulated programs of a platform need.
    """

    def __init__(
        self,
        store: Store,
        *,
        runtime: Runtime | None,
        lent: Surroundings,
        contexts: Mapping[str, SourceRoot],
        check_copied: Callable[[Copy], None],
        emit: Emit,
        stop: threading.Event,
        settings: Mapping[Platform, Quirks] | None = None,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._lent = lent
        self._contexts = contexts
        self._check_copied = check_copied
        self._emit = emit
        self._stop = stop
        self._settings = settings or {}
        self._show_sys = sysfs.protect(hide_cgroups=runtime is not None and runtime.hide_cgroups)

    def execute(
        self,
        step: Step,
        identity: str,
        lowers: Sequence[str],
        *,
        label: str,
        source: Sequence[str] = (),
    ) -> Path:
        """Do a step and keep its change as the snapshot of `identity`.

        Args:
            step: what to do.
            identity: names the snapshot, and the step in events.
            lowers: identities of the parent's file system, base first; empty for an empty one.
            label: the step as the user knows it.
            source: for a COPY from a step: identities of that file system, base first.

        Returns:
            The snapshot's folder.

        Raises:
            StepError: a program failed.
            ContextError, ImageError, LayerError, HostError, StoreError: as the step's kind gives.
            Stopped: `stop` was set.
        """
        try:
            return self._attempt(step, identity, lowers, label, source)
        except LayoutCrashError as crash:
            # Nothing of the first attempt is left: its snapshot was discarded.
            self._emit(Notice("warning", f"{label}: {_CRASHED} ({crash.message})", _AGAIN_HINT))
            return self._attempt(step, identity, lowers, label, source, randomize=False)

    def _attempt(
        self,
        step: Step,
        identity: str,
        lowers: Sequence[str],
        label: str,
        source: Sequence[str],
        *,
        randomize: bool = True,
    ) -> Path:
        tasks.check(self._stop)
        folders = merging.folders(self._store, lowers)
        with self._store.new_snapshot(identity) as pending, self._store.guarded(label):
            match step:
                case Run():
                    self._run(step, identity, pending, folders, label, randomize=randomize)
                case Extract():
                    self._extract(step, identity, pending, folders)
                case Copy():
                    self._copy(step, pending, folders, merging.folders(self._store, source))
                case MakeFolder():
                    with merging.merged(pending, folders, _aside(pending, _MERGED)) as root:
                        make_folder(step, root)
            _clear(pending)
            return pending.commit()

    def _run(
        self,
        step: Run,
        identity: str,
        pending: PendingSnapshot,
        folders: tuple[Path, ...],
        label: str,
        *,
        randomize: bool,
    ) -> None:
        def report(line: str) -> None:
            self._emit(StepOutput(identity, line, time.time()))

        def warn(message: str, hint: str) -> None:
            self._emit(Notice("warning", message, hint))

        settings = self._settings.get(step.platform, quirks.NONE)
        program = Program(step.arguments, step.environment, step.directory, step.user)
        assert self._runtime is not None  # noqa: S101 - the caller's word, see __init__
        running = StepRun(step, label, report=report, warn=warn, stop=self._stop, quirks=settings)
        with stage.prepared(
            program,
            pending,
            folders,
            self._lent,
            show_sys=self._show_sys,
            extra=settings.environment,
        ) as ready:
            running.run(ready, self._runtime, randomize=randomize)

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
        source: tuple[Path, ...],
    ) -> None:
        with merging.merged(pending, folders, _aside(pending, _MERGED)) as root:
            match step.source:
                case ContextFiles(context=name):
                    copy_step(step, self._contexts[name], root)
                    self._check_copied(step)
                case StepFiles():
                    with merging.viewed(source, _aside(pending, _SOURCE)) as view:
                        files = SourceRoot(view, "the stage or image copied from", local=False)
                        copy_step(step, files, root)


def _aside(pending: PendingSnapshot, name: str) -> Path:
    """A mount point beside the snapshot's own folders; `_clear` removes it."""
    return pending.work.parent / name


def _clear(pending: PendingSnapshot) -> None:
    for name in (_MERGED, _SOURCE):
        path = _aside(pending, name)
        if path.exists():
            path.rmdir()

"""A plan's demand as tasks: fetch a blob, make a file system, write a layer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import msgspec

from trimaran.build.assemble import timestamp
from trimaran.build.cache_imports import Imported, Imports
from trimaran.build.demand import Demand
from trimaran.build.describing import describe
from trimaran.build.plan import Plan
from trimaran.build.results import LayerResult, Packing, Results, StepResult
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.labels import StepLabel
from trimaran.emulation import quirks
from trimaran.emulation.quirks import Quirks
from trimaran.emulation.support import Emulated, Support
from trimaran.errors import ImageError, LayerError, StepError, TrimaranError
from trimaran.events import Emit, Mode, StepCached, StepDone, StepFailed, StepStarted
from trimaran.executor.executor import Executor
from trimaran.graph.steps import Extract, Run, Step, chain, ground, inputs
from trimaran.images.copy import BlobCopy, CopyStopped
from trimaran.images.local import StoreImages
from trimaran.layers.decompression import decompressed, diff_id
from trimaran.layers.diff import write_layer
from trimaran.layers.pipeline import LayerSink, WrittenLayer
from trimaran.layers.streams import chunks
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.scheduler.tasks import Stopped, Task
from trimaran.store.store import Store

Origins = Mapping[str, tuple[Place, Descriptor]]
"""Where base layers are, by digest."""


class Worker(msgspec.Struct, frozen=True):
    """Makes the tasks of one build.

    Attributes:
        source: the Dockerfile, whose lines errors show.
        imports: whose layers are taken.
        supports: how each platform's programs run here.
        settings: what is done about the emulator's troubles.
    """

    store: Store
    plan: Plan
    source: Source
    origins: Origins
    imports: Imports
    supports: Mapping[Platform, Support]
    executor: Executor
    emit: Emit
    stop: threading.Event
    settings: Mapping[Platform, Quirks]

    def tasks(self, demand: Demand) -> list[Task]:
        """The demand as tasks, in the order in which they should start."""
        fetches = [self._fetch_task(blob) for blob in demand.blobs.values()]
        steps = [self._step_task(key, step, demand) for key, step in demand.roots.items()]
        layers = [self._layer_task(key, *made, demand) for key, made in demand.layers.items()]
        adopted = [self._adopt_task(key, *it, demand) for key, it in demand.adopted.items()]
        return fetches + steps + layers + adopted

    def _fetch_task(self, blob: Descriptor) -> Task:
        return Task(_fetch(blob.digest), (), partial(self._fetch, blob), heavy=False)

    def _fetch(self, blob: Descriptor) -> None:
        place, described = self.origins[blob.digest]
        copy = BlobCopy(place, StoreImages(self.store), self.emit, "pull", self.stop)
        try:
            copy.run(described)
        except CopyStopped as stopped:
            raise Stopped from stopped

    def _step_task(self, identity: str, step: Step, demand: Demand) -> Task:
        needed = dict.fromkeys(
            self.plan.identity(link) for need in inputs(step) for link in chain(need)
        )
        needs = tuple(_root(key) for key in needed if key in demand.roots)
        if isinstance(step, Extract) and step.layer.digest in demand.blobs:
            needs += (_fetch(step.layer.digest),)
        return Task(_root(identity), needs, partial(self._do, identity, step))

    def _do(self, identity: str, step: Step) -> None:
        label = self.plan.label(step)
        with self.store.lock(f"step-{identity}"):
            # Another build may have done it while this one waited for the lock.
            if self.store.snapshot(identity) is not None:
                self.emit(StepCached(identity, label.text, str(label.platform)))
                return
            mode = self._mode(step)
            describe(self.store, self.plan, step, identity)
            started = time.time()
            if isinstance(step, Extract):
                self._execute(identity, step)
                if imported := self.imports.find(identity):
                    self._remember(identity, imported)
                return
            settings = self._settings(step)
            self.emit(
                StepStarted(
                    identity, label.text, str(label.platform), mode, started, settings.shown
                )
            )
            with self._reported(identity, label):
                self._execute(identity, step)
            ended = time.time()
            unequal = self.executor.unequal(identity)
            result = StepResult(timestamp(ended), ended - started, mode, unequal)
            Results(self.store).put_step(identity, result)
            self.emit(StepDone(identity, ended - started, ended))

    def _execute(self, identity: str, step: Step) -> None:
        self.executor.execute(
            step,
            identity,
            self._identities(ground(step)),
            label=self.plan.label(step).text,
            tree=self._identities,
        )

    def _identities(self, step: Step | None) -> tuple[str, ...]:
        return tuple(self.plan.identity(link) for link in chain(step))

    def _mode(self, step: Step) -> Mode:
        emulated = isinstance(step, Run) and isinstance(self.supports.get(step.platform), Emulated)
        return "emulated" if emulated else "native"

    def _settings(self, step: Step) -> Quirks:
        if isinstance(step, Run):
            return self.settings.get(step.platform, quirks.NONE)
        return quirks.NONE

    @contextmanager
    def _reported(self, identity: str, label: StepLabel) -> Iterator[None]:
        """Name the step and show its lines in whatever goes wrong in it."""
        try:
            yield
        except TrimaranError as error:
            self.emit(StepFailed(identity, error.message, time.time()))
            lines = self.source.error(error.message, label.lines)
            if isinstance(error, StepError):
                raise error from lines
            raise StepError(
                error.message, step=label.text, platform=str(label.platform), hint=error.hint
            ) from lines

    def _adopt_task(self, identity: str, step: Step, imported: Imported, demand: Demand) -> Task:
        digest = imported.entry.layer.descriptor.digest
        needs = (_fetch(digest),) if digest in demand.blobs else ()
        return Task(_layer(identity), needs, partial(self._adopt, identity, step, imported))

    def _adopt(self, identity: str, step: Step, imported: Imported) -> None:
        """Take a layer as it is, if it is what the cache says: its digest was checked on the way.

        Raises:
            ImageError: it is another.
            LayerError: it is damaged.
        """
        layer = imported.entry.layer
        with StoreImages(self.store).open_blob(layer.descriptor) as chunks:
            found = diff_id(chunks, layer.descriptor.digest)
        if found != layer.diff_id:
            raise ImageError(
                f"the cache {imported.cache}: layer {layer.descriptor.digest} holds {found},"
                f" and is said to hold {layer.diff_id}",
                "leave out that --cache-from, and write the cache anew",
            )
        describe(self.store, self.plan, step, identity)
        self._remember(identity, imported)

    def _remember(self, identity: str, imported: Imported) -> None:
        results, entry = Results(self.store), imported.entry
        results.put_step(identity, entry.result)
        results.put_layer(identity, entry.packing, entry.layer)

    def _layer_task(self, key: str, step: Step, packing: Packing, demand: Demand) -> Task:
        identity = self.plan.identity(step)
        if isinstance(step, Extract):
            digest = step.layer.digest
            needs = (_fetch(digest),) if digest in demand.blobs else ()
            return Task(_layer(key), needs, partial(self._recompress, identity, step, packing))
        needs = (_root(identity),) if identity in demand.roots else ()
        return Task(_layer(key), needs, partial(self._write_layer, identity, packing))

    def _recompress(self, identity: str, step: Extract, packing: Packing) -> None:
        """Write a base's layer anew: the same archive, compressed in another way."""
        describe(self.store, self.plan, step, identity)
        with (
            self.store.guarded("write a layer"),
            self.store.open_blob(step.layer.digest) as blob,
            self.store.blob_writer() as writer,
            LayerSink(writer, packing.compression, packing.level) as sink,
        ):
            for chunk in decompressed(chunks(blob), f"{step.image}: {step.layer.digest}"):
                sink.write(chunk)
            layer = sink.finish()
            if layer.diff_id != step.diff_id:
                raise LayerError(f"{step.image}: {step.layer.digest} is not {step.diff_id}")
            writer.commit(layer.digest, layer.size_bytes)
        self._put_layer(identity, packing, layer)

    def _write_layer(self, identity: str, packing: Packing) -> None:
        folder = self.store.snapshot(identity)
        if folder is None:
            raise AssertionError(f"no snapshot {identity}")
        with self.store.guarded("write a layer"), self.store.blob_writer() as writer:
            layer = write_layer(
                folder,
                writer,
                compression=packing.compression,
                clamp_mtime=packing.clamp_mtime,
                level=packing.level,
            )
            writer.commit(layer.digest, layer.size_bytes)
        self._put_layer(identity, packing, layer)

    def _put_layer(self, identity: str, packing: Packing, layer: WrittenLayer) -> None:
        descriptor = Descriptor(layer.media_type, layer.digest, layer.size_bytes)
        Results(self.store).put_layer(identity, packing, LayerResult(descriptor, layer.diff_id))


def task_keys(demand: Demand) -> set[str]:
    """The keys of the tasks that do what is demanded."""
    keys = {_fetch(digest) for digest in demand.blobs}
    keys |= {_root(identity) for identity in demand.roots}
    keys |= {_layer(identity) for identity in demand.adopted}
    return keys | {_layer(key) for key in demand.layers}


def _root(identity: str) -> str:
    return f"step {identity}"


def _layer(key: str) -> str:
    return f"layer {key}"


def _fetch(digest: str) -> str:
    return f"fetch {digest}"

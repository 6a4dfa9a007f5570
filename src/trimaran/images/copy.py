"""Copying an image between any two places: blobs at once, then manifests, the index last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import count

from trimaran import events
from trimaran.errors import ImageError
from trimaran.events import Emit, TransferAdvanced, TransferDone, TransferStarted
from trimaran.images import pick, tree
from trimaran.images.arrivals import Arrivals, noted, write_tag
from trimaran.images.narrow import narrow
from trimaran.images.tree import ImageTree, Node
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Manifest
from trimaran.oci.place import Place, Resuming, Rewinding
from trimaran.platforms import Platform

_INTERVAL_SECONDS = 0.1
_numbers = count(1)


class CopyStopped(Exception):  # noqa: N818 - no error: the copy was called off
    """The copy was told to stop, or another blob failed first."""


def copy(
    source: Place,
    descriptor: Descriptor,
    target: Place,
    *,
    tag: str = "",
    platforms: Collection[Platform] | None = None,
    layers_of: Collection[Platform] | None = None,
    emit: Emit = events.ignore,
    workers: int = 4,
    verb: str = "copy",
    approve: Callable[[], None] = lambda: None,
) -> Descriptor:
    """Copy an image or index, bytes unchanged, and tag it last.

    Args:
        source: where the image is.
        descriptor: an index or a single manifest there.
        target: where it goes.
        tag: the name that the image gets in `target`; empty for none.
        platforms: the only ones wanted; None or empty for all (see `narrow` for what then changes).
        layers_of: the only platforms whose layers are copied, beside all manifests and configs, so
            that the name goes on meaning the whole index; None or empty for all.
        emit: takes the transfers' events, from several threads.
        workers: how many blobs are copied at once.
        verb: what the transfers are called in events.
        approve: called when all blobs are there, before the first manifest; what it raises keeps
            the image from being there.

    Returns:
        The descriptor of what was written: `descriptor`, unless platforms were left out.

    Raises:
        ImageError, NotFoundError: the source lacks something or holds other bytes.
        TrimaranError: what the target raises, with a note of what is there. Nothing is tagged after
            any error.
    """
    if platforms:
        root = narrow(source, descriptor, platforms)
    else:
        root = tree.read_node(source, descriptor)
    image = tree.gather(source, root)
    blobs = _blobs_of(source, image, layers_of) if layers_of else image.blobs
    arrivals = Arrivals(target.name, blobs, image.manifests)
    with noted(arrivals.told):
        _copy_blobs(blobs, BlobCopy(source, target, emit, verb), workers, arrivals.there)
    approve()
    with noted(arrivals.told):
        for node in image.manifests[:-1] if tag else image.manifests:
            _write(target, node)
            arrivals.there.add(node.descriptor.digest)
    if tag:
        _check(target, image.root, write_tag(target, image.root, tag))
    return image.root.descriptor


def _blobs_of(
    source: Place, image: ImageTree, platforms: Iterable[Platform]
) -> tuple[Descriptor, ...]:
    found = pick.offers(source, image.root.descriptor)
    name = f"{source.name} {image.root.descriptor.digest}"
    chosen = {pick.best(found, platform, name).descriptor.digest for platform in platforms}
    blobs: dict[str, Descriptor] = {}
    for node in image.manifests:
        manifest = tree.parse(node.descriptor, node.raw)
        if isinstance(manifest, Manifest):
            layers = manifest.layers if node.descriptor.digest in chosen else ()
            blobs |= {blob.digest: blob for blob in (manifest.config, *layers)}
    return tuple(blob for blob in image.blobs if blob.digest in blobs)


def _write(target: Place, node: Node) -> None:
    _check(target, node, target.write_manifest(node.raw, node.descriptor.media_type))


def _check(target: Place, node: Node, written: Descriptor) -> None:
    if written.digest != node.descriptor.digest:
        raise ImageError(f"{target.name} stored {node.descriptor.digest} as {written.digest}")


def _copy_blobs(blobs: Iterable[Descriptor], job: BlobCopy, workers: int, there: set[str]) -> None:
    def run(blob: Descriptor) -> None:
        job.run(blob)
        there.add(blob.digest)

    with ThreadPoolExecutor(workers, thread_name_prefix="copy") as pool:
        futures = [pool.submit(run, blob) for blob in blobs]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:  # after a failure or an interrupt the others end soon
            job.finish()
            pool.shutdown(cancel_futures=True)
    _raise_first(futures)


def _raise_first(futures: list[Future[None]]) -> None:
    for future in futures:
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, CopyStopped):
            raise error


class BlobCopy:
    """Copies single blobs, in any thread, until it is told to stop.

    Args:
        source: where they are.
        target: where they go.
        emit: takes the transfers' events.
        verb: what the transfers are called in events.
        stopped: when set, copies end with `CopyStopped`.
    """

    def __init__(
        self,
        source: Place,
        target: Place,
        emit: Emit,
        verb: str,
        stopped: threading.Event | None = None,
    ) -> None:
        self._source = source
        self._target = target
        self._emit = emit
        self._verb = verb
        self._stopped = stopped or threading.Event()

    def finish(self) -> None:
        """Stop what runs."""
        self._stopped.set()

    def run(self, blob: Descriptor) -> None:
        """Copy one blob unless the target has it. Raises what the places raise, CopyStopped."""
        transfer = f"{self._verb}-{next(_numbers)}"
        self._emit(TransferStarted(transfer, self._verb, _subject(blob), blob.size, time.time()))
        skipped = self._target.has_blob(blob)
        if not skipped:
            self._write(blob, transfer)
        self._emit(TransferDone(transfer, skipped, time.time()))

    def _write(self, blob: Descriptor, transfer: str) -> None:
        source, target = self._source, self._target
        if not isinstance(source, Rewinding):
            target.write_blob(blob, lambda: self._open(blob, transfer))
            return
        if isinstance(target, Resuming):
            target.write_blob_from(
                blob, lambda offset: self._open_from(source, blob, transfer, offset)
            )
        else:  # it checks all that it stores: the source need not hash it too
            target.write_blob(blob, lambda: self._open_from(source, blob, transfer, 0))

    @contextmanager
    def _open_from(
        self, source: Rewinding, blob: Descriptor, transfer: str, offset_bytes: int
    ) -> Iterator[Iterator[bytes]]:
        with source.open_blob_from(blob, offset_bytes) as chunks:
            yield self._counted(chunks, transfer, offset_bytes)

    @contextmanager
    def _open(self, blob: Descriptor, transfer: str) -> Iterator[Iterator[bytes]]:
        with self._source.open_blob(blob) as chunks:
            yield self._counted(chunks, transfer)

    def _counted(
        self, chunks: Iterable[bytes], transfer: str, done_bytes: int = 0
    ) -> Iterator[bytes]:
        next_event = time.monotonic() + _INTERVAL_SECONDS
        for chunk in chunks:
            if self._stopped.is_set():
                raise CopyStopped
            yield chunk
            done_bytes += len(chunk)
            if time.monotonic() >= next_event:
                next_event = time.monotonic() + _INTERVAL_SECONDS
                self._emit(TransferAdvanced(transfer, done_bytes))


def _subject(blob: Descriptor) -> str:
    kind = "config" if blob.media_type in media_types.CONFIGS else "layer"
    return f"{kind} {blob.digest.partition(':')[2][:12]}"

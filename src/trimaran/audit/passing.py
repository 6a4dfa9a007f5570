"""Audits layers on their way from one registry to another, so that they are fetched once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from queue import Queue

from trimaran.audit.facts import LayerFacts
from trimaran.audit.memory import Memory, is_layer
from trimaran.audit.scan import scan_layer
from trimaran.images.supplement import Over
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place

_CHUNKS_AHEAD = 8
_END = b""


class Passing(Over):
    """Reads `place`, and remembers what is in each layer that is read through it to its end.

    The scan runs beside, in a thread for each layer, and holds up who reads where it is slower:
    no more than some chunks are in memory. A layer that is damaged, or read in part, leaves no
    memo; the audit then reads it for itself.
    """

    def __init__(self, place: Place, memory: Memory) -> None:
        super().__init__(place)
        self._memory = memory

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._place.has_blob(descriptor)

    @contextmanager
    def open_blob(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """A blob's bytes in chunks. Raises NotFoundError, ImageError at a wrong byte."""
        with self._place.open_blob(descriptor) as chunks:
            if not is_layer(descriptor) or self._memory.has_layer(descriptor):
                yield chunks
                return
            with closing(self._heard(chunks, descriptor)) as heard:
                yield heard

    def _heard(self, chunks: Iterator[bytes], layer: Descriptor) -> Generator[bytes, None, None]:
        queue: Queue[bytes] = Queue(_CHUNKS_AHEAD)
        with ThreadPoolExecutor(1, thread_name_prefix="audit") as pool:
            scanned = pool.submit(_scan, queue, f"layer {layer.digest}")
            try:
                for chunk in filter(None, chunks):
                    queue.put(chunk)
                    yield chunk
            finally:
                queue.put(_END)
            if scanned.exception() is None:
                self._memory.keep_layer(layer, scanned.result())


def _scan(queue: Queue[bytes], label: str) -> LayerFacts:
    chunks = iter(queue.get, _END)
    try:
        return scan_layer(chunks, label)
    finally:
        for _ in chunks:  # who fills the queue must not wait for a scan that failed
            pass

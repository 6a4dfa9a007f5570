"""From a finished root file system to an image of one layer, and from images to an index."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from trimaran.build.assemble import timestamp
from trimaran.errors import TrimaranError
from trimaran.events import Emit, Mode, StepDone, StepFailed, StepStarted
from trimaran.layers.diff import write_layer
from trimaran.oci import media_types
from trimaran.oci.models import (
    Descriptor,
    History,
    ImageConfig,
    Index,
    Manifest,
    RootFS,
    RunConfig,
    encode,
    platform_field,
)
from trimaran.platforms import Platform
from trimaran.request import Compression
from trimaran.store.store import Store

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class MadeBase:
    """One platform's image in the store; `manifest` carries its platform."""

    manifest: Descriptor
    size_bytes: int


class Maker:
    """Reports the steps of `trimaran base` and writes their results into the store."""

    def __init__(
        self, store: Store, emit: Emit, compression: Compression, source_date_epoch: int | None
    ) -> None:
        self._store = store
        self._emit = emit
        self._compression: Compression = compression
        self._epoch = source_date_epoch

    @contextmanager
    def step(self, step: str, label: str, platform: str, mode: Mode) -> Iterator[float]:
        """Report the start and the end, good or bad, of what is done inside.

        Gives the time of the start, in seconds since the epoch.
        """
        started = time.time()
        self._emit(StepStarted(step, label, platform, mode, started))
        try:
            yield started
        except TrimaranError as error:
            self._emit(StepFailed(step, error.message, time.time()))
            raise
        self._emit(StepDone(step, time.time() - started, time.time()))

    def image(
        self, platform: Platform, root: Path, command: tuple[str, ...], made_by: str, made: float
    ) -> MadeBase:
        """Write a root file system as an image of one layer.

        Args:
            platform: the image's.
            root: the root file system, owners as this process sees them.
            command: Cmd of the image.
            made_by: the line of its history.
            made: when it was made, in seconds since the epoch; SOURCE_DATE_EPOCH wins.

        Raises:
            LayerError: a file that no layer can hold.
            StoreError: the disk is full.
        """
        with self._store.blob_writer() as writer:
            layer = write_layer(
                root, writer, compression=self._compression, clamp_mtime=self._epoch
            )
            writer.commit(layer.digest, layer.size_bytes)
        created = timestamp(int(made) if self._epoch is None else self._epoch)
        config = ImageConfig(
            platform.architecture,
            platform.os,
            platform.variant,
            created=created,
            config=RunConfig(env=(_PATH,), cmd=command),
            rootfs=RootFS(diff_ids=(layer.diff_id,)),
            history=(History(created, made_by),),
        )
        raw = encode(config)
        config_descriptor = Descriptor(media_types.CONFIG, self._store.put_blob(raw), len(raw))
        layer_descriptor = Descriptor(layer.media_type, layer.digest, layer.size_bytes)
        manifest = Manifest.make(config_descriptor, (layer_descriptor,))
        self._store.put_blob(manifest.raw)
        return MadeBase(
            msgspec.structs.replace(manifest.descriptor, platform=platform_field(platform)),
            len(raw) + layer.size_bytes,
        )


def write_index(store: Store, made: Sequence[MadeBase]) -> Descriptor:
    """Write the index that lists all images, in this order; gives its descriptor.

    Raises:
        StoreError: the disk is full.
    """
    index = Index.make(tuple(one.manifest for one in made))
    store.put_blob(index.raw)
    return index.descriptor

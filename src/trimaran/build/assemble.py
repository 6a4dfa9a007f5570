"""From finished steps to images: configs, manifests and the index (OCI image-spec)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import msgspec

from trimaran.build.outputs import Shape
from trimaran.build.plan import Plan
from trimaran.build.results import LayerResult, Results
from trimaran.dockerfile.lower import Lowered
from trimaran.graph.steps import Extract, Step, chain
from trimaran.oci import media_types
from trimaran.oci.annotations import MISSING
from trimaran.oci.models import (
    Descriptor,
    History,
    ImageConfig,
    Index,
    Manifest,
    RootFS,
    encode,
    platform_field,
)
from trimaran.platforms import Platform
from trimaran.request import Annotated
from trimaran.store.store import Store


class BuiltImage(msgspec.Struct, frozen=True):
    """One platform's image in the store.

    Attributes:
        manifest: its descriptor, with its platform and annotations.
        config: its config's descriptor.
        seconds: how long its own steps ran when they ran.
        layers: base first.
    """

    platform: Platform
    manifest: Descriptor
    config: Descriptor
    size_bytes: int
    seconds: float
    layers: tuple[Descriptor, ...] = ()


Attest = Callable[[BuiltImage], Descriptor]
"""Writes the statements about an image; gives the entry of the index that holds them."""


class BuiltIndex(msgspec.Struct, frozen=True):
    """The result of a build: what a name is to point at, and the images below it."""

    descriptor: Descriptor
    images: tuple[BuiltImage, ...]

    @property
    def is_index(self) -> bool:
        """Whether it is an index, if only of one platform, and not an image itself."""
        return self.descriptor.media_type in media_types.INDEXES


class Assembler(msgspec.Struct, frozen=True):
    """Writes configs, manifests and the index into the store.

    Attributes:
        plan: whose steps have all been run and whose layers are in the store.
        shape: how the images look.
        epoch: SOURCE_DATE_EPOCH in seconds, which stands for every new time; None to keep them.
        inline: lets an image's config tell of its steps (`type=inline`); None leaves it as it is.
        attest: what is stated of each image; None for nothing.
    """

    plan: Plan
    store: Store
    results: Results
    shape: Shape
    epoch: int | None
    inline: Callable[[ImageConfig, Sequence[Step]], ImageConfig] | None = None
    attest: Attest | None = None

    def assemble(self) -> BuiltIndex:
        """The whole result; where one platform was asked for and nothing stated, its manifest."""
        images = tuple(self._image(*item) for item in self.plan.images.items())
        if not self.plan.is_multi_platform and self.attest is None:
            return BuiltIndex(images[0].manifest, images)
        entries = tuple(image.manifest for image in images)
        if self.attest is not None:
            entries += tuple(map(self.attest, images))
        lost = ",".join(str(platform) for platform in self.plan.missing)
        index = Index.make(
            entries,
            media_type=self.shape.media_type(media_types.INDEX),
            annotations=self._annotations("index") | ({MISSING: lost} if lost else {}),
        )
        self.store.put_blob(index.raw)
        own = self._annotations("index-descriptor")
        return BuiltIndex(msgspec.structs.replace(index.descriptor, annotations=own), images)

    def _image(self, platform: Platform, image: Lowered) -> BuiltImage:
        steps = chain(image.step)
        layers = tuple(self._layer(step) for step in steps)
        done = [self.results.step(self.plan.identity(step)) for step in steps]
        ran = [result for result in done if result is not None]
        diff_ids = tuple(layer.diff_id for layer in layers)
        times = [result.created for result in ran]
        config = finish(image.config, diff_ids, times, image.base_history, self.epoch)
        raw = encode(self.inline(config, steps) if self.inline else config)
        described = Descriptor(
            self.shape.media_type(media_types.CONFIG), self.store.put_blob(raw), len(raw)
        )
        manifest = Manifest.make(
            described,
            tuple(layer.descriptor for layer in layers),
            media_type=self.shape.media_type(media_types.MANIFEST),
            annotations=self._annotations("manifest", platform),
        )
        self.store.put_blob(manifest.raw)
        size_bytes = len(raw) + sum(layer.descriptor.size for layer in layers)
        entry = msgspec.structs.replace(
            manifest.descriptor,
            platform=platform_field(platform),
            annotations=self._annotations("manifest-descriptor", platform),
        )
        seconds = sum(result.seconds for result in ran)
        return BuiltImage(platform, entry, described, size_bytes, seconds, manifest.layers)

    def _layer(self, step: Step) -> LayerResult:
        packing = self.shape.packing
        if isinstance(step, Extract) and not packing.makes(step):
            layer, diff_id = step.layer, step.diff_id
        elif result := self.results.layer(self.plan.identity(step), packing):
            layer, diff_id = result.descriptor, result.diff_id
        else:
            raise AssertionError(f"no layer of {self.plan.label(step).text}")
        media_type = self.shape.media_type(layer.media_type)
        return LayerResult(
            Descriptor(media_type, layer.digest, layer.size, urls=layer.urls), diff_id
        )

    def _annotations(self, on: Annotated, platform: Platform | None = None) -> dict[str, str]:
        """Those of one thing; of a platform's own and everybody's, the platform's win."""
        fit = [one for one in self.shape.annotations if one.on == on]
        everybody = {one.key: one.value for one in fit if one.platform is None}
        if platform is None:
            return {one.key: one.value for one in fit}
        return everybody | {one.key: one.value for one in fit if one.platform == platform}


def finish(
    config: ImageConfig,
    diff_ids: tuple[str, ...],
    times: list[str],
    base_history: int,
    epoch: int | None,
) -> ImageConfig:
    """Fill in times and layers: a history line without a layer gets the time of the one before.

    Args:
        config: as lowering gave it.
        diff_ids: of all layers, base first.
        times: when the steps that made the new layers ended, in order (RFC 3339).
        base_history: how many of the history's lines are the base's own.
        epoch: SOURCE_DATE_EPOCH in seconds, which stands for every new time; None to keep them.
    """
    if epoch is not None:
        times = [timestamp(epoch)] * len(times)
    old, new = config.history[:base_history], config.history[base_history:]
    last = timestamp(epoch) if epoch is not None else _first_time(config, old, times)
    remaining = iter(times)
    history = list(old)
    for line in new:
        last = last if line.empty_layer else next(remaining, last)
        history.append(msgspec.structs.replace(line, created=last))
    return msgspec.structs.replace(
        config, created=last, history=tuple(history), rootfs=RootFS(diff_ids=diff_ids)
    )


def _first_time(config: ImageConfig, old: tuple[History, ...], times: list[str]) -> str:
    """The base's time, or the first step's where there is no base; equal for equal builds."""
    base = old[-1].created if old else config.created
    return base or config.created or next(iter(times), "")


def timestamp(seconds: float) -> str:
    """A time as the image-spec writes it: RFC 3339, UTC."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    text = moment.isoformat(timespec="microseconds" if seconds % 1 else "seconds")
    return text.replace("+00:00", "Z")

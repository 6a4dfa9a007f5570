"""What the store remembers of steps: when they ran, what replaced them, the layers made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from trimaran.graph.steps import Extract, Step
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor
from trimaran.request import Compression
from trimaran.store.store import Store

if TYPE_CHECKING:
    from trimaran.store.units import About


class StepResult(msgspec.Struct, frozen=True):
    """How a step ran: the time of its end (RFC 3339, UTC) and how long it took.

    Attributes:
        mode: as `events.Mode`; empty if a cache from elsewhere does not say.
        compatible: native stand-ins that were of another version than what they stood for.
    """

    created: str
    seconds: float
    mode: str
    compatible: tuple[str, ...] = ()


class LayerResult(msgspec.Struct, frozen=True):
    """The layer made of a step's snapshot."""

    descriptor: Descriptor
    diff_id: str


class _KeptLayer(msgspec.Struct, frozen=True):
    """What is written down of a layer: whose it is, too, for those who remove both (`units`)."""

    descriptor: Descriptor
    diff_id: str
    step: str


class Packing(msgspec.Struct, frozen=True):
    """What a layer's bytes depend on beside the snapshot.

    Attributes:
        level: of the compression; None is ours.
        forced: layers of bases are compressed so, too.
    """

    compression: Compression
    clamp_mtime: int | None
    level: int | None = None
    forced: bool = False

    def key(self, identity: str) -> str:
        level = "" if self.level is None else f"{self.level}"
        clamp = "" if self.clamp_mtime is None else f"-{self.clamp_mtime}"
        return f"{identity}-{self.compression}{level}{clamp}"

    def makes(self, step: Step) -> bool:
        """Whether a step's layer is written so, and not a base's that stays as it is."""
        if not isinstance(step, Extract):
            return True
        same = media_types.COMPRESSIONS.get(step.layer.media_type) == self.compression
        return self.forced and (self.level is not None or not same)


class Results:
    """The store's records of steps, decoded."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def replacement(self, identity: str) -> str:
        """The identity that stands for `identity`: its own, or that of a newer run."""
        raw = self._store.record("replacement", identity)
        return raw.decode("ascii") if raw else identity

    def replace(self, identity: str, newer: str) -> None:
        self._store.put_record("replacement", identity, newer.encode("ascii"))

    def step(self, identity: str) -> StepResult | None:
        raw = self._store.record("step", identity)
        return msgspec.json.decode(raw, type=StepResult) if raw else None

    def put_step(self, identity: str, result: StepResult) -> None:
        self._store.put_record("step", identity, msgspec.json.encode(result))

    def layer(self, identity: str, packing: Packing) -> LayerResult | None:
        """The layer of a step, if its blob is still in the store."""
        raw = self._store.record("layer", packing.key(identity))
        if not raw:
            return None
        result = msgspec.json.decode(raw, type=LayerResult)
        return result if self._store.has_blob(result.descriptor.digest) else None

    def put_layer(self, identity: str, packing: Packing, result: LayerResult) -> None:
        kept = _KeptLayer(result.descriptor, result.diff_id, identity)
        self._store.put_record("layer", packing.key(identity), msgspec.json.encode(kept))

    def put_about(self, identity: str, about: About) -> None:
        """Say what a step is, before anything of it is kept."""
        self._store.put_record("about", identity, msgspec.json.encode(about))

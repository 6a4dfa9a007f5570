"""What earlier audits found, kept in the store: equal layers and images are not read again."""

from __future__ import annotations

import zlib

import msgspec

from trimaran.audit import scan
from trimaran.audit.facts import LayerFacts
from trimaran.audit.findings import Report
from trimaran.oci.models import Descriptor
from trimaran.store.store import Store

_REPORT_VERSION = 3
_LAYER_TYPES = ("application/vnd.oci.image.layer.v1.", "application/vnd.docker.image.rootfs.diff.")


def is_layer(descriptor: Descriptor) -> bool:
    """Whether a blob is a layer that the audit reads: neither foreign nor encrypted."""
    media_type = descriptor.media_type
    return media_type.startswith(_LAYER_TYPES) and not media_type.endswith("+encrypted")


class Memory(msgspec.Struct, frozen=True):
    """The audit's records of a store. Losing any of them costs time alone."""

    store: Store

    def layer(self, layer: Descriptor) -> LayerFacts | None:
        """What is in a layer; None if it was not read yet."""
        data = self._recall("audit-layer", _layer_key(layer))
        return msgspec.msgpack.decode(data, type=LayerFacts) if data else None

    def has_layer(self, layer: Descriptor) -> bool:
        return self.store.record("audit-layer", _layer_key(layer)) is not None

    def keep_layer(self, layer: Descriptor, facts: LayerFacts) -> None:
        """Remember what is in a layer. Raises StoreError."""
        self._remember("audit-layer", _layer_key(layer), msgspec.msgpack.encode(facts))

    def report(self, key: str) -> Report | None:
        """The report under a key; None if there is none yet."""
        data = self._recall("audit-report", f"{_REPORT_VERSION} {scan.VERSION} {key}")
        return msgspec.msgpack.decode(data, type=Report) if data else None

    def keep_report(self, key: str, report: Report) -> None:
        """Remember a report. Raises StoreError."""
        key = f"{_REPORT_VERSION} {scan.VERSION} {key}"
        self._remember("audit-report", key, msgspec.msgpack.encode(report))

    def _recall(self, kind: str, key: str) -> bytes | None:
        data = self.store.record(kind, key)
        return zlib.decompress(data) if data else None

    def _remember(self, kind: str, key: str, data: bytes) -> None:
        # Compressed, digests in it are not taken for blobs that the memo needs (store/garbage).
        self.store.put_record(kind, key, zlib.compress(data, 1))


def _layer_key(layer: Descriptor) -> str:
    return f"{scan.VERSION} {layer.digest}"

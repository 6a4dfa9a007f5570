"""The audit of an image with all its platforms, wherever it lives; nothing is unpacked.

Each layer is read once, whichever images share it, and what was found in it is kept in the store.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from trimaran import digests
from trimaran.audit import scan
from trimaran.audit.allowances import Allowance
from trimaran.audit.facts import LayerFacts
from trimaran.audit.findings import AuditedImage, Finding, Report
from trimaran.audit.image import Audited, ImageFacts, audit_image
from trimaran.images import pick
from trimaran.images.pick import Offer
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.store.store import Store

_REPORT_VERSION = 1
_LAYER_TYPES = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.diff.")


class Audit(msgspec.Struct, frozen=True):
    """Audits images of one place.

    Attributes:
        store: keeps what was found, so that the same layers and images are not read again.
        allowed: what may be foreign in every image.
        workers: how many layers are read at once, 1 or more.
    """

    place: Place
    store: Store
    allowed: tuple[Allowance, ...] = ()
    workers: int = 1

    def run(self, descriptor: Descriptor, only: Platform | None = None) -> Report:
        """Audit an index's images, or a single one.

        Args:
            descriptor: the index or manifest.
            only: the one platform to audit; None for all.

        Raises:
            ImageError, RegistryError: it cannot be read, or has no such platform.
            LayerError: a layer is damaged.
            UsageError: an image's label that allows files is malformed.
        """
        key = self._key(descriptor, only)
        known = self._recall("audit-report", key)
        if known is not None:
            return msgspec.msgpack.decode(known, type=Report)
        found = pick.offers(self.place, descriptor)
        if only is not None:
            found = [pick.best(found, only, descriptor.digest)]
        report = self._report(descriptor, found)
        self._remember("audit-report", key, msgspec.msgpack.encode(report))
        return report

    def _report(self, descriptor: Descriptor, found: Sequence[Offer]) -> Report:
        facts = self._facts(found)
        audited = [audit_image(one, self.allowed) for one in facts]
        findings = (
            _compared(finding, number, facts, audited)
            for number, one in enumerate(audited)
            for finding in one.findings
        )
        images = (
            AuditedImage(str(image.platform), offer.descriptor.digest, one.binaries)
            for image, offer, one in zip(facts, found, audited, strict=True)
        )
        return Report(descriptor.digest, tuple(images), tuple(findings))

    def _facts(self, found: Sequence[Offer]) -> list[ImageFacts]:
        choices = [pick.open_choice(self.place, offer.descriptor) for offer in found]
        per_image = [
            [layer for layer in choice.manifest.layers if layer.media_type.startswith(_LAYER_TYPES)]
            for choice in choices
        ]
        wanted = {layer.digest: layer for layers in per_image for layer in layers}
        with ThreadPoolExecutor(self.workers, thread_name_prefix="audit") as pool:
            read = dict(zip(wanted, pool.map(self._layer, wanted.values()), strict=True))
        return [
            ImageFacts(
                offer.platform.normalised(),
                choice.config,
                tuple(layer.digest for layer in layers),
                tuple(read[layer.digest] for layer in layers),
            )
            for offer, choice, layers in zip(found, choices, per_image, strict=True)
        ]

    def _layer(self, layer: Descriptor) -> LayerFacts:
        key = f"{scan.VERSION} {layer.digest}"
        known = self._recall("audit-layer", key)
        if known is not None:
            return msgspec.msgpack.decode(known, type=LayerFacts)
        with self.place.open_blob(layer) as chunks:
            facts = scan.scan_layer(chunks, f"layer {layer.digest}")
        self._remember("audit-layer", key, msgspec.msgpack.encode(facts))
        return facts

    def _key(self, descriptor: Descriptor, only: Platform | None) -> str:
        allowed = digests.of(msgspec.json.encode(self.allowed))
        return f"{_REPORT_VERSION} {scan.VERSION} {descriptor.digest} {only} {allowed}"

    def _recall(self, kind: str, key: str) -> bytes | None:
        data = self.store.record(kind, key)
        return zlib.decompress(data) if data else None

    def _remember(self, kind: str, key: str, data: bytes) -> None:
        # Compressed, digests in it are not taken for blobs that the memo needs (store/garbage).
        self.store.put_record(kind, key, zlib.compress(data, 1))


def _compared(
    finding: Finding, number: int, facts: Sequence[ImageFacts], audited: Sequence[Audited]
) -> Finding:
    """Name the other CPUs' images that hold the very same file."""
    if finding.rule != "machine" or not finding.path:
        return finding
    own = audited[number]
    sha256 = next((key for key, path in own.files.items() if path == finding.path), b"")
    also = _holders(sha256, facts[number].platform, zip(facts, audited, strict=True))
    if not also:
        return finding
    cause = finding.cause or (
        f"the very same file is in {', '.join(also)}: it was made or fetched once for all"
    )
    return msgspec.structs.replace(finding, also_in=also, cause=cause)


def _holders(
    sha256: bytes, own: Platform, images: Iterable[tuple[ImageFacts, Audited]]
) -> tuple[str, ...]:
    return tuple(
        str(image.platform)
        for image, audited in images
        if sha256 in audited.files and image.platform.architecture != own.architecture
    )

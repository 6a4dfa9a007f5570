"""The audit of an image with all its platforms, wherever it lives; nothing is unpacked.

Each layer is read once, whichever images share it, and what was found in it is kept in the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from trimaran import digests
from trimaran.audit import scan
from trimaran.audit.allowances import Allowance
from trimaran.audit.facts import LayerFacts
from trimaran.audit.findings import AuditedImage, Finding, Report
from trimaran.audit.image import Audited, ImageFacts, audit_image
from trimaran.audit.memory import Memory, is_layer
from trimaran.images import pick
from trimaran.images.pick import Offer
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.store.store import Store


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
        known = self._memory.report(key)
        if known is not None:
            return known
        found = pick.offers(self.place, descriptor)
        if only is not None:
            found = [pick.best(found, only, descriptor.digest)]
        report = self._report(descriptor, found)
        self._memory.keep_report(key, report)
        return report

    @property
    def _memory(self) -> Memory:
        return Memory(self.store)

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
            [layer for layer in choice.manifest.layers if is_layer(layer)] for choice in choices
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
                whole=len(layers) == len(choice.manifest.layers),
            )
            for offer, choice, layers in zip(found, choices, per_image, strict=True)
        ]

    def _layer(self, layer: Descriptor) -> LayerFacts:
        known = self._memory.layer(layer)
        if known is not None:
            return known
        with self.place.open_blob(layer) as chunks:
            facts = scan.scan_layer(chunks, f"layer {layer.digest}")
        self._memory.keep_layer(layer, facts)
        return facts

    def _key(self, descriptor: Descriptor, only: Platform | None) -> str:
        allowed = digests.of(msgspec.json.encode(self.allowed))
        return f"{descriptor.digest} {only} {allowed}"


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

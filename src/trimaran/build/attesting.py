"""Statements about images: in-toto, beside them in their index (BuildKit's attestation-storage.md).

An attestation manifest is listed in the image's own index, as of the platform unknown/unknown so
that nothing runs it; annotations say which image it is about.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from trimaran import digests
from trimaran.build.assemble import Attest, BuiltImage, timestamp
from trimaran.build.contexts import Folders
from trimaran.build.machine import Machine
from trimaran.build.materials import materials, purl
from trimaran.build.plan import Plan
from trimaran.build.provenance import Invocation, Prover
from trimaran.build.resolve import Chosen
from trimaran.build.results import Results
from trimaran.build.sbom import Document, Scanner, find_generator
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.lower import BaseKey
from trimaran.errors import StepError, TrimaranError
from trimaran.events import Emit
from trimaran.images.attestations import PREDICATE_TYPE
from trimaran.images.narrow import SUBJECT
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Manifest, PlatformField
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.request import BuildRequest
from trimaran.store.store import Store

_STATEMENT = "https://in-toto.io/Statement/v1"
_KIND = "vnd.docker.reference.type"
_UNKNOWN = PlatformField("unknown", "unknown")


class Subject(msgspec.Struct, frozen=True):
    """What a statement is about: a name, and its digest."""

    name: str
    digest: Mapping[str, str]


class _Statement(msgspec.Struct, frozen=True, rename="camel"):
    type: str = msgspec.field(name="_type")
    predicate_type: str
    subject: tuple[Subject, ...]
    predicate: msgspec.Raw


class Attestor(msgspec.Struct, frozen=True):
    """What is stated of the images of one build.

    Attributes:
        prover: makes the provenance; None if it is not wanted.
        documents: what the SBOM generator wrote, by platform.
        failed: the platforms of which it could tell nothing, and why.
    """

    prover: Prover | None
    documents: Mapping[Platform, tuple[Document, ...]]
    failed: Mapping[Platform, TrimaranError]

    def writer(self, store: Store, names: Sequence[Reference]) -> Attest:
        """What writes the statements about an image and the manifest that holds them.

        Args:
            store: holds the images.
            names: what they will be called.
        """

        def attest(image: BuiltImage) -> Descriptor:
            subjects = _of_image(image, names)
            held = []
            for document in self._documents(image.platform, image.layers):
                raw = statement(document, subjects)
                kind = {PREDICATE_TYPE: document.predicate_type}
                digest = store.put_blob(raw)
                held.append(Descriptor(media_types.IN_TOTO, digest, len(raw), annotations=kind))
            config = _config([layer.digest for layer in held])
            described = Descriptor(media_types.CONFIG, store.put_blob(config), len(config))
            manifest = Manifest.make(described, tuple(held))
            store.put_blob(manifest.raw)
            about = {SUBJECT: image.manifest.digest, _KIND: "attestation-manifest"}
            return msgspec.structs.replace(
                manifest.descriptor, platform=_UNKNOWN, annotations=about
            )

        return attest

    def files(self, platform: Platform, subjects: Sequence[Subject]) -> Iterator[tuple[str, bytes]]:
        """The same statements as files beside a file system's own, with their names."""
        inline_only = self.prover is not None and self.prover.wanted.inline_only
        for document in self._documents(platform, (), with_provenance=not inline_only):
            raw = statement(document, subjects)
            yield document.file_name, msgspec.json.format(raw, indent=2)

    def _documents(
        self, platform: Platform, layers: Sequence[Descriptor], *, with_provenance: bool = True
    ) -> Iterator[Document]:
        yield from self.documents.get(platform, ())
        if self.prover is not None and with_provenance:
            kind = self.prover.predicate_type
            predicate = self.prover.predicate(platform, layers)
            yield Document(self.prover.wanted.file_name, kind, predicate)


def statement(document: Document, subjects: Sequence[Subject]) -> bytes:
    """An in-toto statement as JSON."""
    made = _Statement(
        _STATEMENT, document.predicate_type, tuple(subjects), msgspec.Raw(document.predicate)
    )
    return msgspec.json.encode(made, order="deterministic")


def subjects_of(root: Path) -> tuple[Subject, ...]:
    """Every regular file below a root, by its path, as BuildKit names what a folder holds."""
    found = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in files:
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):
                with path.open("rb") as file:
                    digits = hashlib.file_digest(file, "sha256").hexdigest()
                found.append(Subject(str(path.relative_to(root)), {"sha256": digits}))
    return tuple(sorted(found, key=lambda subject: subject.name))


def make_attestor(
    request: BuildRequest,
    machine: Machine,
    plan: Plan,
    source: Source,
    chosen: Mapping[BaseKey, Chosen],
    *,
    folders: Folders,
    started: float,
    emit: Emit,
) -> Attestor:
    """Look at what was built: run the SBOM generator, gather what the images were made of.

    Args:
        request: asks for provenance, an SBOM or both.
        machine: has the generator.
        plan: whose steps have all been run.
        source: the Dockerfile.
        chosen: what bases turned out to be.
        folders: knows what was fetched.
        started: when the build began, in seconds.
        emit: told of the generator.

    Raises:
        UsageError: the generator is gone.
        ContextError: what was fetched cannot be told again.
    """
    documents: dict[Platform, tuple[Document, ...]] = {}
    failed: dict[Platform, TrimaranError] = {}
    if request.sbom:
        program = find_generator(request.sbom, machine.search_path)
        scanner = Scanner(machine.store, program, request.sbom, emit, request.source_date_epoch)
        for platform, image in plan.images.items():
            extras = {name: plan.identities_of(step) for name, step in image.scanned.items()}
            try:
                documents[platform] = scanner.scan(platform, plan.identities_of(image.step), extras)
            except StepError as error:
                failed[platform] = error
    if not request.provenance:
        return Attestor(None, documents, failed)
    prover = Prover(
        request,
        request.provenance,
        plan,
        Results(machine.store),
        source,
        {
            platform: materials(request, image, chosen, folders)
            for platform, image in plan.images.items()
        },
        _invocation(request, plan, started),
    )
    return Attestor(prover, documents, failed)


def _invocation(request: BuildRequest, plan: Plan, started: float) -> Invocation:
    """With SOURCE_DATE_EPOCH an equal build makes an equal statement."""
    epoch = request.source_date_epoch
    if epoch is None:
        return Invocation.make(timestamp(started), timestamp(time.time()))
    targets = "".join(plan.identity(step) for step in plan.targets)
    identity = digests.of(targets.encode()).partition(":")[2]
    return Invocation.make(timestamp(epoch), timestamp(epoch), identity=identity)


def _of_image(image: BuiltImage, names: Sequence[Reference]) -> tuple[Subject, ...]:
    algorithm, _, digits = image.manifest.digest.partition(":")
    called = [purl(name, image.platform) for name in names] or ["_"]
    return tuple(Subject(name, {algorithm: digits}) for name in called)


def _config(diff_ids: Sequence[str]) -> bytes:
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    fields = {"architecture": "unknown", "os": "unknown", "config": {}, "rootfs": rootfs}
    return msgspec.json.encode(fields)

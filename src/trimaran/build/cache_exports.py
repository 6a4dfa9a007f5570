"""Writes caches (`--cache-to`): what later builds on other machines need not do again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from trimaran import digests
from trimaran.build import cache_entries
from trimaran.build.assemble import timestamp
from trimaran.build.cache_entries import Entries, Entry
from trimaran.build.cache_imports import Imports, shown
from trimaran.build.find import OpenRepository
from trimaran.build.plan import Plan
from trimaran.build.results import Packing, Results
from trimaran.errors import TrimaranError
from trimaran.events import Emit, Notice
from trimaran.graph.steps import Extract, Step
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.images.supplement import Borrowing, Supplemented
from trimaran.oci.models import Descriptor, ImageConfig, Manifest
from trimaran.oci.place import Place
from trimaran.request import CacheExport, CachePlace, FolderCache, RegistryCache
from trimaran.store.store import Store


class Exporter(msgspec.Struct, frozen=True):
    """Writes the caches of one build.

    Attributes:
        pure: each step's identity on a machine without a past, by the step's `id()`.
        imports: whose steps are passed on, layers too, where this store did not need them.
        packing: of the layers that were written here.
    """

    plan: Plan
    pure: Mapping[int, str]
    store: Store
    results: Results
    imports: Imports
    packing: Packing
    open_repository: OpenRepository
    emit: Emit

    def write(self, exports: Iterable[CacheExport]) -> None:
        """Write each cache; the old one is whole until the new one is.

        Raises:
            TrimaranError: one that may not fail cannot be written.
        """
        for export in exports:
            if export.place is None:
                continue
            try:
                self._write(export.place, all_steps=export.all_steps)
            except TrimaranError as error:
                if not export.ignore_error:
                    raise
                text = f"the cache {shown(export.place)} was not written: {error.message}"
                self.emit(Notice("warning", text, error.hint))

    def packed(self, packing: Packing) -> Exporter:
        """The same, of layers that were written in another way."""
        return msgspec.structs.replace(self, packing=packing)

    def inline(self, config: ImageConfig, steps: Iterable[Step]) -> ImageConfig:
        """An image's configuration that tells of its steps."""
        return cache_entries.with_entries(config, self.entries(steps))

    def entries(self, steps: Iterable[Step]) -> Entries:
        """What is known of these steps, each once."""
        found = {entry.step: entry for step in steps for entry in self._entry(step)}
        return Entries(tuple(found.values()))

    def _entry(self, step: Step) -> Iterator[Entry]:
        if isinstance(step, Extract):
            return
        identity = self.plan.identity(step)
        layer, result = self.results.layer(identity, self.packing), self.results.step(identity)
        if layer and result:
            epoch = self.packing.clamp_mtime
            created = result.created if epoch is None else timestamp(epoch)
            packing = msgspec.structs.replace(self.packing, forced=False)
            yield Entry(self.pure[id(step)], layer, packing, created, result.mode)
        elif imported := self.imports.find(identity):
            yield imported.entry

    def _write(self, place: CachePlace, *, all_steps: bool) -> None:
        entries = self.entries(self.plan.cacheable(all_steps=all_steps))
        document = entries.encoded()
        config = Descriptor(cache_entries.MEDIA_TYPE, digests.of(document), len(document))
        manifest = Manifest.make(config, entries.layers)
        source = Supplemented(
            Borrowing(StoreImages(self.store), self._lenders()),
            {manifest.descriptor.digest: manifest.raw, config.digest: document},
        )
        target, tag = self._open(place)
        copy(source, manifest.descriptor, target, tag=tag, emit=self.emit, verb="cache")

    def _lenders(self) -> dict[str, Place]:
        """Where the layers are that this store does not have."""
        return {
            digest: place
            for digest, (place, _) in self.imports.origins.items()
            if not self.store.has_blob(digest)
        }

    def _open(self, place: CachePlace) -> tuple[Place, str]:
        match place:
            case RegistryCache(reference=reference):
                return self.open_repository(reference), reference.tag
            case FolderCache(path=path, tag_or_digest=tag):
                return Layout(path), tag

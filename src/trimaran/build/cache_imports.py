"""Caches from elsewhere (`--cache-from`): what they know of steps that the store does not know.

They are read when the first such step is asked for. A cache that cannot be used is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from trimaran.build.find import OpenRepository
from trimaran.errors import ImageError, TrimaranError
from trimaran.events import Emit, Notice
from trimaran.graph.steps import Extract, Step, ground
from trimaran.images import pick, tree
from trimaran.images.layout import Layout
from trimaran.oci.models import Descriptor, Manifest
from trimaran.oci.place import Place
from trimaran.request import CachePlace, FolderCache, RegistryCache
from trimaran.store.store import Store

if TYPE_CHECKING:
    # A build without caches does without them.
    from trimaran.build.cache_entries import Entries, Entry


class Imported(msgspec.Struct, frozen=True):
    """A step that a cache knows: `place` has its layer, `cache` is for messages."""

    entry: Entry
    place: Place
    cache: str

    def extraction(self, step: Step) -> Extract:
        """The step that makes the same file system out of the layer."""
        layer = self.entry.layer
        return Extract(ground(step), layer.descriptor, layer.diff_id, f"the cache {self.cache}")


class Imports:
    """The caches of one build, the first ones first.

    Args:
        sources: where they are.
        open_repository: opens those in registries.
        store: whose layers need not be there.
        emit: takes the warnings.
    """

    def __init__(
        self,
        sources: Sequence[CachePlace],
        open_repository: OpenRepository,
        store: Store,
        emit: Emit,
    ) -> None:
        self._sources = sources
        self._open_repository = open_repository
        self._store = store
        self._emit = emit
        self._gone: set[str] = set()
        self._there: set[str] = set()

    def find(self, identity: str) -> Imported | None:
        """What the caches know of a step; None if nothing, or if its layer is gone from there."""
        found = self._known.get(identity)
        return found if found and self._has_layer(found) else None

    @property
    def origins(self) -> dict[str, tuple[Place, Descriptor]]:
        """Where each layer that was found is, by digest."""
        found = (each for each in self._loaded.values() if self._is_there(each))
        return {
            each.entry.layer.descriptor.digest: (each.place, each.entry.layer.descriptor)
            for each in found
        }

    @property
    def _loaded(self) -> dict[str, Imported]:
        """What was read, if anything was asked for yet."""
        return self._known if "_known" in self.__dict__ else {}

    @cached_property
    def _known(self) -> dict[str, Imported]:
        known: dict[str, Imported] = {}
        for source in self._sources:
            try:
                for found in self._read(source):
                    known.setdefault(found.entry.step, found)
            except TrimaranError as error:
                self._warn(source, error.message, error.hint)
        return known

    def _read(self, source: CachePlace) -> list[Imported]:
        place, root = self._open(source)
        found = [entry for part in _documents(place, root) for entry in part.steps]
        if not found:
            raise ImageError(
                f"{root.digest} holds no cache of trimaran's",
                "BuildKit's own caches name their steps otherwise and cannot be read",
            )
        return [Imported(entry, place, shown(source)) for entry in found]

    def _open(self, source: CachePlace) -> tuple[Place, Descriptor]:
        match source:
            case RegistryCache(reference=reference):
                repository = self._open_repository(reference)
                return repository, repository.resolve(reference.tag_or_digest)
            case FolderCache(path=path, tag_or_digest=name):
                layout = Layout(path)
                return layout, layout.resolve(name)

    def _has_layer(self, found: Imported) -> bool:
        digest = found.entry.layer.descriptor.digest
        if self._is_there(found) or self._store.has_blob(digest):
            return True
        if digest not in self._gone and self._ask(found):
            self._there.add(digest)
            return True
        self._gone.add(digest)
        return False

    def _is_there(self, found: Imported) -> bool:
        return found.entry.layer.descriptor.digest in self._there

    def _ask(self, found: Imported) -> bool:
        digest = found.entry.layer.descriptor.digest
        try:
            if found.place.has_blob(found.entry.layer.descriptor):
                return True
            reason, hint = f"it lacks the layer {digest}, whose step runs anew", ""
        except TrimaranError as error:
            reason, hint = error.message, error.hint
        self._emit(Notice("warning", f"the cache {found.cache}: {reason}", hint))
        return False

    def _warn(self, source: CachePlace, reason: str, hint: str) -> None:
        self._emit(Notice("warning", f"the cache {shown(source)} is not used: {reason}", hint))


def shown(place: CachePlace) -> str:
    """A cache's place, for messages."""
    match place:
        case RegistryCache(reference=reference):
            return reference.familiar
        case FolderCache(path=path):
            return str(path)


def _documents(place: Place, root: Descriptor) -> Iterator[Entries]:
    """A cache's own document, or those in the configs of an image's platforms."""
    from trimaran.build import cache_entries  # noqa: PLC0415 - slow to load

    node = tree.read_node(place, root)
    manifest = tree.parse(root, node.raw)
    if isinstance(manifest, Manifest) and manifest.config.media_type == cache_entries.MEDIA_TYPE:
        yield cache_entries.parse(_document(place, manifest.config, cache_entries.LIMIT_BYTES))
        return
    for offer in pick.offers(place, root):
        image = tree.read(place, offer.descriptor)
        if isinstance(image, Manifest):
            yield cache_entries.parse_inline(pick.read_config(place, image))


def _document(place: Place, config: Descriptor, limit_bytes: int) -> bytes:
    if config.size > limit_bytes:
        raise ImageError(f"its document is larger than {limit_bytes >> 20} MiB")
    with place.open_blob(config) as chunks:
        return b"".join(chunks)

"""Base images: every base for every platform, before the first step, with all gaps at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from trimaran import references
from trimaran.dockerfile.lower import BaseImage, BaseKey
from trimaran.errors import ImageError, NotFoundError, TrimaranError
from trimaran.graph.steps import Extract, Step
from trimaran.images import pick
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.images.pick import Choice
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.request import Context, FolderContext, ImageContext, LayoutContext

OpenRegistry = Callable[[Reference], Place]
"""The repository of a reference in its registry."""


@dataclass
class Resolver:
    """Finds base images: named contexts first, then the local store, then the registry.

    Attributes:
        pull: ask the registry even for what the local store has.
        origins: where each base layer that was resolved can be fetched, by digest.
    """

    local: StoreImages
    open_registry: OpenRegistry
    contexts: Mapping[str, Context]
    pull: bool = False
    origins: dict[str, tuple[Place, Descriptor]] = field(default_factory=dict)
    _places: dict[str, list[tuple[Place, Descriptor]]] = field(default_factory=dict)

    def resolve_all(self, keys: Iterable[BaseKey]) -> dict[BaseKey, BaseImage]:
        """Resolve every key.

        Raises:
            ImageError: bases are missing or lack platforms; all are named.
        """
        found: dict[BaseKey, BaseImage] = {}
        gaps: list[TrimaranError] = []
        for key in sorted(keys, key=lambda key: (key.name, key.platform)):
            try:
                found[key] = self._resolve(key)
            except ImageError as error:
                gaps.append(error)
        if gaps:
            raise _gaps(gaps)
        return found

    def _resolve(self, key: BaseKey) -> BaseImage:
        place, choice = self._choose(key)
        for layer in choice.manifest.layers:
            self.origins[layer.digest] = (place, layer)
        if len(choice.manifest.layers) != len(choice.config.rootfs.diff_ids):
            raise ImageError(f"{key.name}: the config lists other layers than the manifest")
        step: Step | None = None
        pairs = zip(choice.manifest.layers, choice.config.rootfs.diff_ids, strict=True)
        for layer, diff_id in pairs:
            step = Extract(step, layer, diff_id, key.name)
        return BaseImage(step, choice.config)

    def _choose(self, key: BaseKey) -> tuple[Place, Choice]:
        gap: ImageError | None = None
        for place, descriptor in self._candidates(key.name):
            try:
                return place, pick.choose(place, descriptor, key.platform)
            except ImageError as error:
                gap = gap or error
        raise _named(key.name, gap)

    def _candidates(self, name: str) -> list[tuple[Place, Descriptor]]:
        if name not in self._places:
            self._places[name] = self._look_up(name)
        return self._places[name]

    def _look_up(self, name: str) -> list[tuple[Place, Descriptor]]:
        match self.contexts.get(name):
            case LayoutContext(path=path, tag_or_digest=tag_or_digest):
                layout = Layout(path)
                return [(layout, layout.resolve(tag_or_digest))]
            case ImageContext(reference=reference):
                return self._look_up_image(reference)
            case FolderContext():
                raise ImageError(
                    f"the build context {name!r} is a folder and cannot be a base image",
                    f"--build-context {name}=docker-image://REF or oci-layout://DIR:TAG",
                )
            case None:
                return self._look_up_image(references.parse(name))

    def _look_up_image(self, reference: Reference) -> list[tuple[Place, Descriptor]]:
        found: list[tuple[Place, Descriptor]] = []
        if not self.pull:
            try:
                found.append((self.local, self.local.resolve(str(reference))))
            except NotFoundError:
                pass
            else:
                return found
        remote = self.open_registry(reference)
        return [(remote, remote.resolve(reference.tag_or_digest))]


def _named(name: str, gap: ImageError | None) -> ImageError:
    if gap is None:
        return NotFoundError(f"no base image {name}")
    if name in gap.message:
        return gap
    return ImageError(f"{name}: {gap.message}", gap.hint)


def _gaps(gaps: list[TrimaranError]) -> ImageError:
    if len(gaps) == 1:
        return ImageError(gaps[0].message, gaps[0].hint)
    hints = dict.fromkeys(gap.hint for gap in gaps if gap.hint)
    return ImageError("\n".join(gap.message for gap in gaps), "; ".join(hints))

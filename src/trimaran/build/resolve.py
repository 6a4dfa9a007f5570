"""Base images: every base for every platform, before the first step, with all gaps at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from trimaran import references
from trimaran.build.find import OpenRepository, named, nowhere
from trimaran.dockerfile.lower import BaseImage, BaseKey
from trimaran.errors import ImageError, NotFoundError, RegistryError, TrimaranError
from trimaran.graph.steps import Extract, Step
from trimaran.images import pick
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.images.pick import Choice
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.references import Reference
from trimaran.request import Context, FolderContext, ImageContext, LayoutContext

_LookUp = Callable[[str], tuple[Place, Descriptor]]


class Chosen(NamedTuple):
    """What a base's name stood for: the digest of its index, or of its manifest.

    Attributes:
        reference: the image's name; None if it is in a layout.
    """

    digest: str
    reference: Reference | None


@dataclass
class Resolver:
    """Finds base images: named contexts first, then the local store, then the registry.

    Attributes:
        pull: ask the registry even for what the local store has.
        origins: where each base layer that was resolved can be fetched, by digest.
        chosen: what each base turned out to be.
    """

    local: StoreImages
    open_repository: OpenRepository
    contexts: Mapping[str, Context]
    pull: bool = False
    origins: dict[str, tuple[Place, Descriptor]] = field(default_factory=dict)
    chosen: dict[BaseKey, Chosen] = field(default_factory=dict)
    _found: dict[tuple[str, str], tuple[Place, Descriptor] | TrimaranError] = field(
        default_factory=dict
    )

    def resolve_all(
        self, keys: Iterable[BaseKey]
    ) -> tuple[dict[BaseKey, BaseImage], dict[BaseKey, ImageError]]:
        """Resolve every key.

        Returns:
            What was found, and why the others are missing or lack platforms.

        Raises:
            RegistryError: a registry that alone was asked does not answer.
        """
        found: dict[BaseKey, BaseImage] = {}
        gaps: dict[BaseKey, ImageError] = {}
        for key in sorted(keys, key=lambda key: (key.name, key.platform)):
            try:
                found[key] = self._resolve(key)
            except ImageError as error:
                gaps[key] = error
        return found, gaps

    def _resolve(self, key: BaseKey) -> BaseImage:
        place, choice = self._choose(key)
        for layer in choice.manifest.layers:
            self.origins[layer.digest] = (place, layer)
        return base_image(choice, key.name)

    def _choose(self, key: BaseKey) -> tuple[Place, Choice]:
        gap: ImageError | None = None
        for look_up in self._where(key.name):
            try:
                place, descriptor = self._remembered(key.name, look_up)
                choice = pick.choose(place, descriptor, key.platform)
                if place is self.local and not pick.is_complete(place, choice):
                    raise NotFoundError(f"the local store lacks layers of {key.name}")
            except (ImageError, RegistryError) as error:
                if gap is not None:
                    raise nowhere(key.name, gap, error) from error
                if isinstance(error, RegistryError):
                    raise
                gap = error
            else:
                in_layout = isinstance(self.contexts.get(key.name), LayoutContext)
                reference = None if in_layout else self._reference(key.name)
                self.chosen[key] = Chosen(descriptor.digest, reference)
                return place, choice
        raise named(key.name, gap)

    def _remembered(self, name: str, look_up: _LookUp) -> tuple[Place, Descriptor]:
        """One question per name and place: a tag that moves meanwhile must not split platforms."""
        key = (name, look_up.__name__)
        if key not in self._found:
            try:
                self._found[key] = look_up(name)
            except (ImageError, RegistryError) as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, TrimaranError):
            raise found
        return found

    def _where(self, name: str) -> list[_LookUp]:
        match self.contexts.get(name):
            case LayoutContext():
                return [self._in_layout]
            case FolderContext():
                raise ImageError(
                    f"the build context {name!r} is a folder and cannot be a base image",
                    f"--build-context {name}=docker-image://REF or oci-layout://DIR:TAG",
                )
            case _:
                return [self._in_registry] if self.pull else [self._in_store, self._in_registry]

    def _in_layout(self, name: str) -> tuple[Place, Descriptor]:
        context = self.contexts[name]
        assert isinstance(context, LayoutContext)  # noqa: S101 - _where chose by it
        layout = Layout(context.path)
        return layout, layout.resolve(context.tag_or_digest)

    def _in_store(self, name: str) -> tuple[Place, Descriptor]:
        return self.local, self.local.resolve(str(self._reference(name)))

    def _in_registry(self, name: str) -> tuple[Place, Descriptor]:
        reference = self._reference(name)
        remote = self.open_repository(reference)
        return remote, remote.resolve(reference.tag_or_digest)

    def _reference(self, name: str) -> Reference:
        context = self.contexts.get(name)
        return context.reference if isinstance(context, ImageContext) else references.parse(name)


def base_image(choice: Choice, name: str) -> BaseImage:
    """An image's layers as steps.

    Raises:
        ImageError: its config and its manifest do not agree on the layers.
    """
    layers, diff_ids = choice.manifest.layers, choice.config.rootfs.diff_ids
    if len(layers) != len(diff_ids):
        raise ImageError(f"{name}: the config lists {len(diff_ids)} layers, not {len(layers)}")
    step: Step | None = None
    for layer, diff_id in zip(layers, diff_ids, strict=True):
        step = Extract(step, layer, diff_id, name)
    return BaseImage(step, choice.config)


def together(gaps: Collection[ImageError]) -> ImageError:
    """All that is missing in one error."""
    messages = dict.fromkeys(gap.message for gap in gaps)
    hints = dict.fromkeys(gap.hint for gap in gaps if gap.hint)
    return ImageError("\n".join(messages), "; ".join(hints))

"""What a request's outputs ask of a build."""

from __future__ import annotations

from pathlib import Path

import msgspec

from trimaran import platforms
from trimaran.build.plan import Plan
from trimaran.build.results import Packing
from trimaran.errors import ImageError, UsageError
from trimaran.graph.steps import Extract, chain
from trimaran.images import outputs
from trimaran.oci import media_types
from trimaran.references import Reference
from trimaran.request import Annotation, BuildRequest, Compression, FolderCache, Output

_WITHOUT_LAYERS = ("local", "tar", "cacheonly")
_AS_OCI = {
    media_types.DOCKER_LAYER: media_types.LAYER,
    media_types.DOCKER_LAYER_GZIP: media_types.LAYER_GZIP,
}
_SINGLE = ("index", "index-descriptor", "manifest-descriptor")
"""What only an index has a place for."""


class Shape(msgspec.Struct, frozen=True):
    """What an image's bytes depend on beside what was built.

    Attributes:
        oci_media_types: False is Docker's schema 2.
    """

    packing: Packing
    oci_media_types: bool = True
    annotations: tuple[Annotation, ...] = ()

    def media_type(self, media_type: str) -> str:
        """A media type, OCI's or Docker's, in the wanted family.

        Raises:
            ImageError: Docker's has none such.
        """
        media_type = _AS_OCI.get(media_type, media_type)
        if self.oci_media_types:
            return media_type
        if media_type not in media_types.AS_DOCKER:
            raise ImageError(
                f"Docker's schema 2 has no layers of type {media_type}, which a base has",
                "leave out oci-mediatypes=false, or add force-compression=true",
            )
        return media_types.AS_DOCKER[media_type]


class Outputs(msgspec.Struct, frozen=True):
    """A request's outputs; `writing` writes them."""

    request: BuildRequest

    def check(self) -> None:
        """Refuse what cannot be written, before anything is built.

        Raises:
            UsageError: a Docker archive of several platforms, or of an attested image; annotations
                that have no place.
            ImageError: an output's file or folder may not be written to.
        """
        many = len(self.request.platforms) > 1
        if many and any(output.type == "docker" for output in self.request.outputs):
            raise UsageError(
                "a Docker archive holds one platform, and so does docker's classic store; several"
                " are to be built",
                "use -o type=oci,dest=FILE, or one --platform",
            )
        self._check_attested()
        for cache in self.request.cache_to:
            if isinstance(cache.place, FolderCache) and not cache.ignore_error:
                outputs.check_folder(cache.place.path)
        for shape in self.shapes:
            self._check_annotations(shape)
        for output in self.request.outputs:
            if many and output.type == "tar" and output.platform_split is False:
                raise UsageError(
                    "several platforms cannot stand at one place of a tar",
                    "leave out platform-split=false",
                )
            if output.destination in (None, "-"):
                continue
            path = Path(output.destination).absolute()
            if output.type == "local" or (output.type == "oci" and not output.tar):
                outputs.check_folder(path)
            else:
                outputs.check(path)

    def check_bases(self, plan: Plan) -> None:
        """Refuse layers of bases that an output has no type for, before any step.

        Raises:
            ImageError: Docker's schema 2 has none.
        """
        for shape in self.shapes:
            for step in (link for target in plan.targets for link in chain(target)):
                if isinstance(step, Extract) and not shape.packing.makes(step):
                    shape.media_type(step.layer.media_type)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """How images are to look, each once; what is pushed comes first, as it is the result."""
        if not self.request.outputs:
            return (self.shape(Output("image", compression=self._of_caches)),)
        layered = [each for each in self.request.outputs if each.type not in _WITHOUT_LAYERS]
        layered.sort(key=lambda each: each.type != "registry")
        return tuple(dict.fromkeys(map(self.shape, layered)))

    @property
    def pushed(self) -> tuple[Shape, ...]:
        """Those that go to registries."""
        to_registries = (each for each in self.request.outputs if each.type == "registry")
        return tuple(dict.fromkeys(map(self.shape, to_registries)))

    @property
    def packings(self) -> tuple[Packing, ...]:
        """How layers are to be written, each once."""
        return tuple(dict.fromkeys(shape.packing for shape in self.shapes))

    @property
    def cache_packing(self) -> Packing:
        """How layers of caches are written: as those of the first output, which they share."""
        own = self.shape(Output("image", compression=self._of_caches)).packing
        return next(iter(self.packings), own)

    @property
    def want_roots(self) -> bool:
        return bool(self.request.sbom) or any(
            output.type in _WITHOUT_LAYERS for output in self.request.outputs
        )

    @property
    def forced_oci(self) -> bool:
        """Whether images are OCI's although Docker's schema 2 was asked for, as in BuildKit."""
        asked = not all(output.oci_media_types for output in self.request.outputs)
        return self.request.is_attested and asked

    def names(self, shape: Shape) -> tuple[Reference, ...]:
        """What the images of a shape will be called."""
        outputs = [each for each in self.request.outputs if self.shape(each) == shape]
        named = [name for output in outputs for name in self.request.names(output)]
        return tuple(dict.fromkeys(named or self.request.tags))

    def shape(self, output: Output) -> Shape:
        """How an output's image looks."""
        clamp = self.request.source_date_epoch if output.rewrite_timestamp else None
        packing = Packing(output.compression, clamp, output.level, output.force_compression)
        annotations = self.request.annotations + output.annotations
        oci_media_types = output.oci_media_types or self.request.is_attested
        return Shape(packing, oci_media_types, annotations)

    @property
    def _of_caches(self) -> Compression:
        """What caches ask for; it counts where no output says how layers are compressed."""
        kinds = (cache.compression for cache in self.request.cache_to if cache.compression)
        return next(kinds, "gzip")

    def _check_attested(self) -> None:
        if self.request.is_attested and any(o.type == "docker" for o in self.request.outputs):
            raise UsageError(
                "a Docker archive holds no attestations, and neither does docker's classic store",
                "leave out --provenance, --sbom and --attest, or use -o type=oci,dest=FILE",
            )

    def _check_annotations(self, shape: Shape) -> None:
        if shape.annotations and not shape.oci_media_types:
            raise UsageError(
                "images of Docker's schema 2 have no annotations", "leave out oci-mediatypes=false"
            )
        wanted = self.request.platforms or (platforms.host(),)
        for one in shape.annotations:
            if len(wanted) <= 1 and one.on in _SINGLE and not self.request.is_attested:
                raise UsageError(
                    f"annotation {one.key}: one platform's image is no index, so that nothing has"
                    f" {one.on} annotations",
                    f"write manifest:{one.key}=…, or build for several platforms",
                )
            if one.platform and one.platform not in wanted:
                raise UsageError(
                    f"annotation {one.key}: {one.platform} is not built",
                    f"the platforms are {', '.join(map(str, wanted))}",
                )

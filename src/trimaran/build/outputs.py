"""What a request's outputs ask of a build."""

from __future__ import annotations

from pathlib import Path

import msgspec

from trimaran.errors import UsageError
from trimaran.images import outputs
from trimaran.request import BuildRequest, Compression, FolderCache


class Outputs(msgspec.Struct, frozen=True):
    """A request's outputs; `writing` writes them."""

    request: BuildRequest

    def check(self) -> None:
        """Refuse what cannot be written, before anything is built.

        Raises:
            UsageError: a Docker archive of several platforms.
            ImageError: an output's file or folder may not be written to.
        """
        many = len(self.request.platforms) > 1
        if many and any(output.type == "docker" for output in self.request.outputs):
            raise UsageError(
                "a Docker archive holds one platform, and several are to be built",
                "use -o type=oci,dest=FILE, or one --platform",
            )
        for cache in self.request.cache_to:
            if isinstance(cache.place, FolderCache) and not cache.ignore_error:
                outputs.check_folder(cache.place.path)
        for output in self.request.outputs:
            if output.destination in (None, "-"):
                continue
            path = Path(output.destination).absolute()
            if output.type == "local" or (output.type == "oci" and not output.tar):
                outputs.check_folder(path)
            else:
                outputs.check(path)

    @property
    def compression(self) -> Compression:
        """How layers are compressed: one way for all outputs, and for caches, which share them."""
        kinds = [output.compression for output in self.request.outputs]
        if not self.want_layers or not kinds:
            kinds = [cache.compression for cache in self.request.cache_to if cache.compression]
        return next((kind for kind in kinds if kind != "gzip"), "gzip")

    @property
    def want_layers(self) -> bool:
        kinds = {output.type for output in self.request.outputs}
        return not kinds or not kinds <= {"local", "tar"}

    @property
    def want_roots(self) -> bool:
        return any(output.type in ("local", "tar") for output in self.request.outputs)

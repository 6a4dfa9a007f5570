"""Images by name, in the local store or else in their registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from trimaran.errors import ImageError, NotFoundError, RegistryError
from trimaran.images.local import StoreImages
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.references import Reference

if TYPE_CHECKING:
    # Only named here: loading it takes longer than a build that is cached.
    from trimaran.registry.repository import Repository

OpenRepository = Callable[[Reference], "Repository"]
"""The repository of a reference in its registry."""


def find_image(
    reference: Reference, local: StoreImages, open_repository: OpenRepository
) -> tuple[Place, Descriptor]:
    """An image by name: the local store first, then its registry.

    Raises:
        ImageError: neither has it, or the registry does not answer.
    """
    try:
        return local, local.resolve(str(reference))
    except NotFoundError as gap:
        remote = open_repository(reference)
        try:
            return remote, remote.resolve(reference.tag_or_digest)
        except (ImageError, RegistryError) as error:
            raise nowhere(reference.familiar, gap, error) from error


def named(name: str, gap: ImageError | None) -> ImageError:
    """A gap, with the name of what is missing."""
    if gap is None:
        return NotFoundError(f"no base image {name}")
    if name in gap.message:
        return gap
    return ImageError(f"{name}: {gap.message}", gap.hint)


def nowhere(name: str, gap: ImageError, further: ImageError | RegistryError) -> ImageError:
    """What the local store lacks and then the registry, in one sentence."""
    if isinstance(gap, NotFoundError):
        message = f"{name} is not in the local store; {further.message}"
        return ImageError(message, further.hint)
    hints = dict.fromkeys(hint for hint in (gap.hint, further.hint) if hint)
    return ImageError(f"{named(name, gap).message}; {further.message}", "; ".join(hints))

"""What a copy that failed has left at its target: told with the error, for the next goes on there.

It is a note of the exception (PEP 678), which keeps the error's class and status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from trimaran.errors import RegistryError, TrimaranError
from trimaran.images.tree import Node
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place

_AGAIN = "the same command goes on from there"
_REFUSED = range(400, 500)


@contextmanager
def noted(note: Callable[[TrimaranError], str]) -> Iterator[None]:
    """Add a note to the error that comes out of the block."""
    try:
        yield
    except TrimaranError as error:
        error.add_note(note(error))
        raise


class Arrivals(msgspec.Struct, frozen=True):
    """What of an image is at a place.

    Attributes:
        place: its name.
        blobs, manifests: how many there are to be.
        there: what has arrived, by digest; blobs are added from several threads.
    """

    place: str
    blobs: tuple[Descriptor, ...]
    manifests: tuple[Node, ...]
    there: set[str] = msgspec.field(default_factory=set)

    def told(self, error: TrimaranError) -> str:
        """What is there, for an error before the tag was to be written."""
        del error
        return f"{self._sum}; no tag was changed; {_AGAIN}"

    @property
    def _sum(self) -> str:
        blobs = sum(blob.digest in self.there for blob in self.blobs)
        manifests = sum(node.descriptor.digest in self.there for node in self.manifests)
        return (
            f"{self.place} has {_of(blobs, len(self.blobs), 'blob')} and"
            f" {_of(manifests, len(self.manifests), 'manifest')}"
        )


def write_tag(place: Place, node: Node, tag: str, before: Sequence[str] = ()) -> Descriptor:
    """Write the last manifest of an image under its tag; an error says what became of the tag.

    Args:
        place: has all that the manifest needs.
        node: the manifest or index.
        tag: as `Place.write_manifest` takes it.
        before: the names that were changed already, which the error then names.

    Raises:
        TrimaranError: what the place raises.
    """

    def told(error: TrimaranError) -> str:
        done = f"; already changed: {', '.join(before)}" if before else ""
        return f"{place.name} has all else; {_fate(tag, error)}{done}; {_AGAIN}"

    with noted(told):
        return place.write_manifest(node.raw, node.descriptor.media_type, tag)


def _fate(tag: str, error: TrimaranError) -> str:
    """A registry that did not refuse may have done it, and the answer was lost."""
    if isinstance(error, RegistryError) and error.status not in _REFUSED:
        return f"whether the tag {tag} was changed is not known; if it was, it is whole"
    return f"the tag {tag} was not changed"


def _of(number: int, total: int, what: str) -> str:
    return f"{number} of {total} {what}{'' if total == 1 else 's'}"

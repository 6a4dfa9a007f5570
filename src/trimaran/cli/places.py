"""Opens what people name as an image: a name, or a transport before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from trimaran.build.find import find_image
from trimaran.cli.session import Session
from trimaran.errors import NotFoundError
from trimaran.images import locations
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.images.locations import (
    InDaemon,
    InDockerArchive,
    InLayout,
    InLayoutArchive,
    InRegistry,
    InStore,
    Location,
    Named,
)
from trimaran.oci.models import Descriptor
from trimaran.oci.place import EditablePlace, Place
from trimaran.references import Reference

if TYPE_CHECKING:
    from trimaran.images.docker_archive import DockerArchive
    from trimaran.images.layout_tar import LayoutArchive

Kind = Literal["registry", "store", "file"]


class Found(msgspec.Struct, frozen=True):
    """An image that was found.

    Attributes:
        place: where it is.
        descriptor: what it is there.
        name: as the user wrote it.
        kind: what sort of place that is.
        reference: its name; None for files.
    """

    place: Place
    descriptor: Descriptor
    name: str
    kind: Kind
    reference: Reference | None = None


class Editable(msgspec.Struct, frozen=True):
    """A tag that can be edited: `tag` is what the place calls it, `shown` what people do."""

    place: EditablePlace
    tag: str
    kind: Literal["registry", "store"]
    reference: Reference

    @property
    def shown(self) -> str:
        where = "the local store" if self.kind == "store" else "its registry"
        return f"{self.reference.familiar} in {where}"


def find(session: Session, text: str, *, mirror: StoreImages | None = None) -> Found:
    """Open what `text` names. Hold the store's lease meanwhile.

    Args:
        session: the command's.
        text: a name or location.
        mirror: the local store, if it is open.

    Raises:
        NotFoundError: it is not there.
        TrimaranError: it cannot be read.
    """
    location = locations.parse(text)
    match location:
        case InLayout() | InLayoutArchive() | InDockerArchive():
            place = _open_file(location)
            return Found(place, place.resolve(location.name), text, "file")
        case InDaemon():
            from trimaran.images import docker_daemon

            engine = docker_daemon.Engine(docker_daemon.socket_path(session.docker_host))
            archive = engine.saved(location.reference)
            return Found(archive, archive.resolve(""), text, "file", location.reference)
        case InRegistry(reference=reference):
            remote = session.repository(reference)
            found = remote.resolve(reference.tag_or_digest)
            return Found(remote, found, text, "registry", reference)
        case InStore(reference=reference):
            images = mirror or StoreImages(session.store)
            return Found(images, images.resolve(str(reference)), text, "store", reference)
        case Named(reference=reference):
            images = mirror or StoreImages(session.store)
            there, descriptor = find_image(reference, images, session.repository)
            kind: Kind = "store" if there is images else "registry"
            return Found(there, descriptor, text, kind, reference)


def editable(session: Session, text: str) -> Editable:
    """The list that `text` names, where it is: the local store first, then its registry.

    Raises:
        UsageError: it is no name of a registry or the local store.
        NotFoundError: it is in neither.
    """
    match locations.parse(text):
        case InRegistry(reference=reference):
            return Editable(session.repository(reference), reference.tag, "registry", reference)
        case InStore(reference=reference):
            return Editable(StoreImages(session.store), str(reference), "store", reference)
        case Named(reference=reference):
            if session.store.resolve(reference) is not None:
                return Editable(StoreImages(session.store), str(reference), "store", reference)
            return Editable(session.repository(reference), reference.tag, "registry", reference)
        case _:
            raise NotFoundError(
                f"{text} is neither in the local store nor in a registry",
                "copy it there first: trimaran copy",
            )


def mountable(found: Sequence[Found], target: Reference) -> list[str]:
    """The repositories of the target's registry in which the images are."""
    return sorted(
        {
            each.reference.repository
            for each in found
            if each.kind == "registry"
            and each.reference is not None
            and each.reference.registry == target.registry
        }
    )


def _open_file(location: Location) -> Layout | LayoutArchive | DockerArchive:
    match location:
        case InLayout(path=path):
            return Layout(path)
        case InLayoutArchive(path=path):
            from trimaran.images.layout_tar import LayoutArchive

            return LayoutArchive(path)
        case InDockerArchive(path=path):
            from trimaran.images.docker_archive import DockerArchive

            return DockerArchive(path)
        case _:
            raise AssertionError(location)

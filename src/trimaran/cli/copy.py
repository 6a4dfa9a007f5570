"""`trimaran copy`: an image from any place to any other, bytes unchanged."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from trimaran import platforms, references
from trimaran.build.verifying import Gate
from trimaran.cli import listing, places
from trimaran.cli.allowing import Auditing, audit_options
from trimaran.cli.flags import GoCommand
from trimaran.cli.insecure import insecure_option
from trimaran.cli.places import Found
from trimaran.cli.session import Session
from trimaran.cli.views import progress_option, view
from trimaran.errors import ImageError, UsageError
from trimaran.events import Emit
from trimaran.images import locations, pick, tree
from trimaran.images import outputs as written
from trimaran.images.arrivals import write_tag
from trimaran.images.copy import copy
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
from trimaran.images.narrow import narrow
from trimaran.images.referring import (
    Referable,
    Referred,
    copy_referrers,
    lists,
    subjects_of,
)
from trimaran.images.supplement import Supplemented
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.registry.repository import Repository


@click.command("copy", cls=GoCommand)
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@click.option("--platform", metavar="A,B", help="These platforms only (default: all)")
@click.option("--referrers", is_flag=True, help="What refers to it as well: signatures, SBOMs")
@audit_options
@insecure_option
@progress_option
@click.pass_obj
def command(
    session: Session,
    /,
    source: str,
    target: str,
    platform: str | None,
    referrers: bool,
    progress: str,
    auditing: Auditing,
) -> None:
    """Copy an image from SRC to DST and print its digest there.

    Each is a name, docker://NAME, store:NAME, oci:DIR[:TAG], oci-archive:FILE[:NAME],
    docker-archive:FILE[:NAME] or docker-daemon:NAME. A name alone is read from the local store or
    else its registry; it is written to the registry that it begins with, or to the local store.

    What goes to a registry is audited, as by `trimaran verify`.
    """
    destination = locations.parse(target)
    if isinstance(destination, InLayoutArchive | InDockerArchive):
        written.check(destination.path)
    wanted = platforms.parse_list(platform) if platform else ()
    with view(progress) as shown, session.store.use():
        found = places.find(session, source)
        readable = _Source(found, *listing.readable(session, found))
        gate = auditing.gate(session.store, shown.emit)
        job = _Copy(session, readable, wanted, referrers, gate, shown.emit)
        digest = job.run(destination)
    click.echo(digest)


class _Source(msgspec.Struct, frozen=True):
    found: Found
    place: Place
    lent_from: Sequence[Reference]

    @property
    def is_far(self) -> bool:
        """Whether layers are read from a registry."""
        return self.found.kind == "registry" or bool(self.lent_from)


class _Copy(msgspec.Struct, frozen=True):
    """One copy; `wanted` is empty for all platforms."""

    session: Session
    source: _Source
    wanted: Sequence[Platform]
    referrers: bool
    gate: Gate
    emit: Emit

    def run(self, target: Location) -> str:
        """Copy; gives the digest of what was written. Raises TrimaranError."""
        match target:
            case Named(reference=reference, has_registry=False) | InStore(reference=reference):
                return self._to_store(reference)
            case Named(reference=reference) | InRegistry(reference=reference):
                return self._to_registry(reference)
            case InLayout():
                return self._to_layout(target)
            case InLayoutArchive():
                return self._to_archive(target)
            case InDockerArchive():
                return self._to_docker_archive(target)
            case InDaemon():
                return self._to_daemon(target)

    def _to_store(self, reference: Reference) -> str:
        local = StoreImages(self.session.store)
        if reference.digest:
            raise UsageError("a name with a digest cannot be given", "write NAME:TAG")
        return self._copy(local, str(reference)).digest

    def _to_registry(self, reference: Reference) -> str:
        if reference.digest:
            raise UsageError("a name with a digest cannot be given", "write NAME:TAG")
        mounts = set(places.mountable([self.source.found], reference))
        mounts |= {
            each.repository for each in self.source.lent_from if each.registry == reference.registry
        }
        target = self.session.repository(reference, sorted(mounts))
        target.check_push()
        return self._publish(target, reference.tag).digest

    def _to_layout(self, target: InLayout) -> str:
        layout = Layout(target.path)
        descriptor = self._copy(layout, target.name)
        if not target.name:
            layout.put_entry(descriptor)
        return descriptor.digest

    def _to_archive(self, target: InLayoutArchive) -> str:
        from trimaran.images import layout_tar

        place, descriptor = self._narrowed()
        names = (target.name,) if target.name else ()
        listed = lists(self._referred(), subjects_of(place, descriptor)) if self.referrers else {}
        layout_tar.write(place, descriptor, target.path, names=names, referrers=listed)
        return descriptor.digest

    def _to_docker_archive(self, target: InDockerArchive) -> str:
        from trimaran.images import docker_archive

        self._refuse_referrers()
        descriptor = self._one()
        names = (references.parse(target.name),) if target.name else self._own_names()
        docker_archive.write(self.source.place, descriptor, target.path, names=names)
        return descriptor.digest

    def _to_daemon(self, target: InDaemon) -> str:
        from trimaran.images import docker_daemon

        self._refuse_referrers()
        descriptor = self._one()
        engine = docker_daemon.Engine(docker_daemon.socket_path(self.session.docker_host))
        engine.load(self.source.place, descriptor, (target.reference,))
        return descriptor.digest

    def _copy(self, target: Referable, tag: str) -> Descriptor:
        place, descriptor = self._narrowed()
        copy(place, descriptor, target, tag=self._tag_first(tag), emit=self.emit)
        return self._finish(place, descriptor, target, tag)

    def _publish(self, target: Repository, tag: str) -> Descriptor:
        place, descriptor = self._narrowed()
        name = self.source.found.name
        place, approve = self.gate.watch(place, descriptor, name, far=self.source.is_far)
        first = self._tag_first(tag)
        copy(place, descriptor, target, tag=first, emit=self.emit, approve=approve)
        return self._finish(place, descriptor, target, tag)

    def _tag_first(self, tag: str) -> str:
        """With referrers the tag comes last: who sees the image finds its signatures."""
        return "" if self.referrers and self._referred() else tag

    def _finish(
        self, place: Place, descriptor: Descriptor, target: Referable, tag: str
    ) -> Descriptor:
        if self.referrers:
            subjects = subjects_of(place, descriptor)
            copy_referrers(self._referred(), subjects, target, self.emit)
            if tag:
                write_tag(target, tree.read_node(place, descriptor), tag)
        return descriptor

    def _referred(self) -> Referred:
        """The source, if it knows what refers to its images. Raises UsageError."""
        place = self.source.found.place
        if not isinstance(place, Referred):
            raise _no_referrers()
        return place

    def _narrowed(self) -> tuple[Place, Descriptor]:
        """The source with the index of the wanted platforms alone."""
        place, descriptor = self.source.place, self.source.found.descriptor
        if not self.wanted:
            return place, descriptor
        node = narrow(place, descriptor, self.wanted)
        return Supplemented(place, {node.descriptor.digest: node.raw}), node.descriptor

    def _one(self) -> Descriptor:
        """One platform's manifest, which is all that Docker's archives hold."""
        place, found = self.source.place, self.source.found
        offers = pick.offers(place, found.descriptor)
        if len(self.wanted) > 1 or (not self.wanted and len(offers) > 1):
            offered = ", ".join(str(offer.platform) for offer in offers)
            raise ImageError(
                f"docker takes one platform's image, {found.name} has {offered}",
                "choose one with --platform",
            )
        platform = self.wanted[0] if self.wanted else offers[0].platform
        return pick.choose(place, found.descriptor, platform, found.name).descriptor

    def _own_names(self) -> tuple[Reference, ...]:
        reference = self.source.found.reference
        return (reference,) if reference is not None and reference.tag else ()

    def _refuse_referrers(self) -> None:
        if self.referrers:
            raise _no_referrers()


def _no_referrers() -> UsageError:
    return UsageError("Docker's archives and its daemon hold nothing that refers to an image")

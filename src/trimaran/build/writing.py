"""Writes a build's outputs: archives and folders first, registries next."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from trimaran.build.arch_tags import named
from trimaran.build.assemble import BuiltIndex
from trimaran.build.machine import Machine
from trimaran.build.outputs import Outputs, Shape
from trimaran.build.plan import Plan
from trimaran.errors import ImageError
from trimaran.events import Emit
from trimaran.executor.roots import export_folder, opened_root
from trimaran.graph.steps import chain
from trimaran.images import docker_archive, layout_tar, outputs, tree
from trimaran.images.arrivals import write_tag
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.layers.diff import write_roots
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.request import BuildRequest, Output

if TYPE_CHECKING:
    from trimaran.build.attesting import Attestor


class Writer(msgspec.Struct, frozen=True):
    """Writes a request's outputs."""

    request: BuildRequest
    outputs: Outputs
    machine: Machine
    emit: Emit
    attestor: Attestor | None = None

    def write(self, plan: Plan, results: Mapping[Shape, BuiltIndex]) -> None:
        """Write everything; registries after the files, so that a full disk publishes nothing.

        Args:
            plan: whose images' file systems local and tar outputs hold.
            results: the images in the store, in every shape that an output wants.

        Raises:
            TrimaranError: an output cannot be written; names and tags are as they were.
        """
        for output in sorted(self.request.outputs, key=_place):
            match output.type:
                case "local":
                    self._write_folders(output, plan)
                case "tar":
                    self._write_tar(output, plan)
                case "cacheonly":
                    pass
                case _:
                    self._write_image(output, results[self.outputs.shape(output)])

    def _write_image(self, output: Output, result: BuiltIndex) -> None:
        images = StoreImages(self.machine.store)
        names = self.request.names(output)
        match output.type:
            case "registry":
                self._push(images, output, result)
            case "image":
                for tag, descriptor in named(self.request, names, result):
                    self.machine.store.tag(tag, descriptor)
            case "docker" if output.destination is None:
                from trimaran.images import docker_daemon  # noqa: PLC0415 - slow to load

                path = docker_daemon.socket_path(self.machine.docker_host)
                docker_daemon.Engine(path).load(images, result.descriptor, names)
            case "docker":
                with _destination(output) as out:
                    docker_archive.write(images, result.descriptor, out, names=names)
            case "oci" if output.tar:
                with _destination(output) as out:
                    full = [str(name) for name in names]
                    layout_tar.write(images, result.descriptor, out, names=full)
            case _:
                self._write_layout(Layout(Path(output.destination or "")), names, result)

    def _push(self, images: StoreImages, output: Output, result: BuiltIndex) -> None:
        """All content to all repositories first, then every tag: none moves if one upload fails."""
        descriptor = result.descriptor
        names = self.request.names(output)
        repositories = {tag.name: self.machine.open_repository(tag) for tag in names}
        for repository in repositories.values():
            copy(images, descriptor, repository, emit=self.emit, verb="push")
        if output.by_digest:
            return
        changed: list[str] = []
        for tag, described in named(self.request, names, result):
            node = tree.read_node(images, described)
            write_tag(repositories[tag.name], node, tag.tag, changed)
            changed.append(tag.familiar)

    def _write_layout(self, layout: Layout, names: Sequence[Reference], result: BuiltIndex) -> None:
        images = StoreImages(self.machine.store)
        copy(images, result.descriptor, layout, emit=self.emit, verb="write")
        for name in [str(tag) for tag in names] or [""]:
            layout.put_entry(result.descriptor, name)

    def _write_folders(self, output: Output, plan: Plan) -> None:
        folder = Path(output.destination or "").absolute()
        placed: dict[str, str] = {}
        for platform, prefix, identities in self._roots(output, plan):
            with opened_root(self.machine.store, identities) as root:
                if not prefix:
                    _refuse_doubles(root, str(platform), placed)
                export_folder(root, folder / prefix)
                for name, content in self._statements(output, platform, root):
                    self._put(folder / prefix / name, content)

    def _write_tar(self, output: Output, plan: Plan) -> None:
        """One platform's root is the tar's; several stand in a folder each, as buildx has it."""
        with ExitStack() as stack:
            roots: dict[str, Path] = {}
            more: dict[str, bytes] = {}
            for platform, prefix, identities in self._roots(output, plan):
                roots[prefix] = stack.enter_context(opened_root(self.machine.store, identities))
                stated = self._statements(output, platform, roots[prefix])
                more |= {f"{prefix}/{name}".lstrip("/"): content for name, content in stated}
            with _destination(output) as out, outputs.opened(out) as stream:
                clamp = self.request.source_date_epoch if output.rewrite_timestamp else None
                write_roots(roots, stream, clamp_mtime=clamp, more=more)

    def _statements(
        self, output: Output, platform: Platform, root: Path
    ) -> Iterator[tuple[str, bytes]]:
        """What is stated of a file system, by the names of files beside its own."""
        if self.attestor is None:
            return
        from trimaran.build.attesting import subjects_of  # noqa: PLC0415 - slow to load

        for name, content in self.attestor.files(platform, subjects_of(root)):
            if output.platform_split is False:
                stem, dot, extension = name.rpartition(".")
                yield f"{stem}.{platform.slug}{dot}{extension}", content
            else:
                yield name, content

    def _put(self, path: Path, content: bytes) -> None:
        """Write a file of ours, with BuildKit's mode, in the place of an image's own."""
        path.unlink(missing_ok=True)
        with self.machine.store.guarded(f"write {path}"):
            path.write_bytes(content)
            path.chmod(0o600)
            if (epoch := self.request.source_date_epoch) is not None:
                os.utime(path, (epoch, epoch))

    def _roots(self, output: Output, plan: Plan) -> Iterator[tuple[Platform, str, Sequence[str]]]:
        """Each image, the folder that it gets, and its steps."""
        split = output.platform_split
        split = plan.is_multi_platform if split is None else split
        for platform, image in plan.images.items():
            identities = tuple(plan.identity(step) for step in chain(image.step))
            yield platform, platform.slug if split else "", identities


def _place(output: Output) -> int:
    """Files first, then registries and docker, names of the local store last."""
    if output.type == "image":
        return 2
    return int(output.type == "registry" or (output.type, output.destination) == ("docker", None))


def _refuse_doubles(root: Path, platform: str, placed: dict[str, str]) -> None:
    """Note a root's files; what another platform has put at the same path is not overwritten.

    Raises:
        ImageError: there is such a file.
    """
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*files, *links):
            path = os.path.relpath(os.path.join(folder, name), root)
            if path in placed:
                raise ImageError(
                    f"/{path} is in the images of {placed[path]} and of {platform}",
                    "leave out platform-split=false: each platform gets a folder of its own",
                )
            placed[path] = platform


@contextmanager
def _destination(output: Output) -> Iterator[Path | BinaryIO]:
    """The output's file, or standard output."""
    if output.destination == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        yield Path(output.destination or "").absolute()

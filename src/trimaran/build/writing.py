"""Writes a build's outputs: archives and folders first, registries next."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from trimaran.build.arch_tags import named
from trimaran.build.assemble import BuiltIndex
from trimaran.build.find import OpenRepository
from trimaran.build.plan import Plan
from trimaran.events import Emit
from trimaran.executor.roots import export_folder, opened_root
from trimaran.graph.steps import chain
from trimaran.images import docker_archive, layout_tar, outputs, tree
from trimaran.images.arrivals import write_tag
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.layers.diff import write_roots
from trimaran.request import BuildRequest, Output
from trimaran.store.store import Store


class Writer(msgspec.Struct, frozen=True):
    """Writes a request's outputs."""

    request: BuildRequest
    store: Store
    open_repository: OpenRepository
    emit: Emit

    def write(self, plan: Plan, result: BuiltIndex | None) -> None:
        """Write everything; registries after the files, so that a full disk publishes nothing.

        Args:
            plan: whose images' file systems local and tar outputs hold.
            result: the images in the store; None if no output wanted layers.

        Raises:
            TrimaranError: an output cannot be written; names and tags are as they were.
        """
        for output in sorted(self.request.outputs, key=lambda each: each.type == "registry"):
            match output.type:
                case "local":
                    self._write_folders(output, plan)
                case "tar":
                    self._write_tar(output, plan)
                case _ if result is not None:
                    self._write_image(output, result)

    def _write_image(self, output: Output, result: BuiltIndex) -> None:
        images = StoreImages(self.store)
        names = self.request.tags
        match output.type:
            case "registry":
                self._push(images, result)
            case "docker":
                with _destination(output) as out:
                    docker_archive.write(images, result.descriptor, out, names=names)
            case "oci" if output.tar:
                with _destination(output) as out:
                    full = [str(name) for name in names]
                    layout_tar.write(images, result.descriptor, out, names=full)
            case _:
                self._write_layout(Layout(Path(output.destination or "")), result)

    def _push(self, images: StoreImages, result: BuiltIndex) -> None:
        """All content to all repositories first, then every tag: none moves if one upload fails."""
        descriptor = result.descriptor
        repositories = {tag.name: self.open_repository(tag) for tag in self.request.tags}
        for repository in repositories.values():
            copy(images, descriptor, repository, emit=self.emit, verb="push")
        changed: list[str] = []
        for tag, described in named(self.request, result):
            node = tree.read_node(images, described)
            write_tag(repositories[tag.name], node, tag.tag, changed)
            changed.append(tag.familiar)

    def _write_layout(self, layout: Layout, result: BuiltIndex) -> None:
        images = StoreImages(self.store)
        copy(images, result.descriptor, layout, emit=self.emit, verb="write")
        for name in [str(tag) for tag in self.request.tags] or [""]:
            layout.put_entry(result.descriptor, name)

    def _write_folders(self, output: Output, plan: Plan) -> None:
        folder = Path(output.destination or "").absolute()
        for prefix, identities in self._roots(plan):
            with opened_root(self.store, identities) as root:
                export_folder(root, folder / prefix)

    def _write_tar(self, output: Output, plan: Plan) -> None:
        """One platform's root is the tar's; several stand in a folder each, as buildx has it."""
        with ExitStack() as stack:
            roots = {
                prefix: stack.enter_context(opened_root(self.store, identities))
                for prefix, identities in self._roots(plan)
            }
            with _destination(output) as out, outputs.opened(out) as stream:
                write_roots(roots, stream, clamp_mtime=self.request.source_date_epoch)

    def _roots(self, plan: Plan) -> Iterator[tuple[str, Sequence[str]]]:
        for platform, image in plan.images.items():
            identities = tuple(plan.identity(step) for step in chain(image.step))
            yield platform.slug if plan.is_multi_platform else "", identities


@contextmanager
def _destination(output: Output) -> Iterator[Path | BinaryIO]:
    """The output's file, or standard output."""
    if output.destination == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        yield Path(output.destination or "").absolute()

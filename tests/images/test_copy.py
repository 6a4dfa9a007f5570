from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.support.registry import serve_registry

from trimaran import digests, platforms, references
from trimaran.errors import ImageError, NotFoundError
from trimaran.events import Event, TransferAdvanced, TransferDone, TransferStarted
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.images.tree import gather, read_node
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.registry.client import Client
from trimaran.registry.repository import Repository
from trimaran.store.store import Store

MakeImage = Callable[..., Descriptor]


def same_content(left: StoreImages | Layout, right: StoreImages | Layout, root: Descriptor) -> bool:
    """Whether both hold the whole image, byte for byte."""
    trees = [gather(place, read_node(place, root)) for place in (left, right)]
    for place in (left, right):
        for blob in trees[0].blobs:
            with place.open_blob(blob) as chunks:
                assert sum(map(len, chunks)) == blob.size
    return trees[0] == trees[1]


@pytest.mark.parametrize("docker", [False, True])
@pytest.mark.parametrize("names", [("arm64",), ("amd64", "arm/v7", "s390x")])
def test_an_image_arrives_whole_under_its_digest(
    local: StoreImages, layout: Layout, make_image: MakeImage, names: tuple[str], docker: bool
) -> None:
    descriptor = make_image(local, *names, docker=docker)
    assert copy(local, descriptor, layout, tag="1.0") == descriptor
    assert layout.resolve("1.0") == descriptor
    assert same_content(local, layout, descriptor)


def test_a_copy_back_gets_a_full_name(
    local: StoreImages, layout: Layout, store: Store, make_image: MakeImage
) -> None:
    descriptor = make_image(layout, "amd64", "arm64")
    copy(layout, descriptor, local, tag="docker.io/library/app:1.0")
    assert store.resolve(references.parse("app:1.0")) == descriptor
    assert same_content(local, layout, descriptor)


def test_what_the_target_has_is_skipped_and_equal_blobs_travel_once(
    local: StoreImages, layout: Layout, make_image: MakeImage
) -> None:
    seen: list[Event] = []
    index = make_image(local, "amd64", "arm64")
    copy(local, index, layout, emit=seen.append)
    started = [event for event in seen if isinstance(event, TransferStarted)]
    assert len(started) == 5
    assert len({event.transfer for event in started}) == 5
    assert {event.subject.split()[0] for event in started} == {"config", "layer"}
    assert all(event.total_bytes > 0 for event in started)
    done = [event for event in seen if isinstance(event, TransferDone)]
    assert {event.transfer for event in done} == {event.transfer for event in started}
    assert not any(event.skipped for event in done)
    seen.clear()
    copy(local, index, layout, emit=seen.append)
    assert [event.skipped for event in seen if isinstance(event, TransferDone)] == [True] * 5


def test_progress_counts_up_and_is_not_told_too_often(tmp_path: Path, store: Store) -> None:
    class Slow(StoreImages):
        @contextmanager
        def open_blob_from(self, blob: Descriptor, offset: int) -> Iterator[Iterator[bytes]]:
            def slowed() -> Iterator[bytes]:
                for _ in range(offset, blob.size, 10):
                    time.sleep(0.004)
                    yield bytes(10)

            yield slowed()

    blob = Descriptor(media_types.LAYER, store.put_blob(bytes(1000)), 1000)
    manifest = Manifest.make(blob, ())
    local = Slow(store)
    root = local.write_manifest(manifest.raw, manifest.media_type)
    seen: list[Event] = []
    copy(local, root, Layout(tmp_path / "layout"), emit=seen.append)
    counts = [event.done_bytes for event in seen if isinstance(event, TransferAdvanced)]
    assert counts == sorted(counts)
    assert 2 <= len(counts) <= 6


def test_after_a_failure_the_others_stop_and_nothing_is_tagged(
    local: StoreImages, store: Store, layout: Layout, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "amd64", "arm64")
    blobs = gather(local, read_node(local, descriptor)).blobs
    store.blob_path(blobs[-1].digest).write_bytes(b"damage")
    begun = threading.Event()

    class Endless(StoreImages):
        @contextmanager
        def open_blob_from(self, blob: Descriptor, offset: int) -> Iterator[Iterator[bytes]]:
            if blob == blobs[-1]:
                begun.wait(10)
                with super().open_blob_from(blob, offset) as chunks:
                    yield chunks
            else:
                yield self._drip()

        def _drip(self) -> Iterator[bytes]:
            while True:
                begun.set()
                time.sleep(0.01)
                yield b""

    with pytest.raises(ImageError, match=blobs[-1].digest):
        copy(Endless(store), descriptor, layout, tag="1.0", workers=len(blobs))
    assert not any(layout.has_blob(blob) for blob in blobs)
    with pytest.raises(NotFoundError):
        layout.resolve("1.0")


@pytest.mark.parametrize("damage", [b"damage", b""])
def test_damage_in_a_source_that_is_read_unchecked_is_seen_by_every_target(
    tmp_path: Path, layout: Layout, store: Store, make_image: MakeImage, damage: bytes
) -> None:
    local = StoreImages(store)
    descriptor = make_image(local, "amd64")
    copy(local, descriptor, layout, tag="1.0")
    layer = gather(local, read_node(local, descriptor)).blobs[-1]
    path = tmp_path / "layout" / "blobs" / layer.digest.replace(":", "/")
    hurt = damage or path.read_bytes() + b"more"
    path.write_bytes(hurt)
    store.blob_path(layer.digest).write_bytes(hurt)
    other = StoreImages(Store.open(tmp_path / "other"))
    for source, target in ((local, Layout(tmp_path / "new")), (layout, other)):
        with pytest.raises(ImageError, match=layer.digest):
            copy(source, descriptor, target, tag="docker.io/library/app:1.0")
        with pytest.raises(NotFoundError):
            target.resolve("docker.io/library/app:1.0")
        assert not target.has_blob(layer)


@pytest.mark.real
@pytest.mark.parametrize("damage", [b"damage", b""])
def test_damage_does_not_get_into_a_registry(
    tmp_path: Path, layout: Layout, make_image: MakeImage, damage: bytes
) -> None:
    descriptor = make_image(layout, "amd64")
    layer = gather(layout, read_node(layout, descriptor)).blobs[-1]
    path = tmp_path / "layout" / "blobs" / layer.digest.replace(":", "/")
    path.write_bytes(damage or path.read_bytes() + b"more")
    with serve_registry(tmp_path) as running:
        target = Repository(running.host, "app", Client())
        with pytest.raises(ImageError, match=layer.digest):
            copy(layout, descriptor, target, tag="1.0")
        with pytest.raises(NotFoundError):
            target.resolve("1.0")
        assert not target.has_blob(layer)


def test_a_missing_child_stops_the_copy_before_it_begins(
    local: StoreImages, layout: Layout
) -> None:
    absent = Descriptor(media_types.MANIFEST, digests.of(b"absent"), 6)
    index = Index.make((absent,))
    descriptor = local.write_manifest(index.raw, index.media_type)
    with pytest.raises(NotFoundError, match=absent.digest):
        copy(local, descriptor, layout, tag="1.0")


def test_chosen_platforms_alone_are_copied(
    local: StoreImages, layout: Layout, make_image: MakeImage
) -> None:
    index = make_image(local, "amd64", "arm64", "s390x")
    wanted = [platforms.parse("arm64"), platforms.parse("s390x")]
    made = copy(local, index, layout, tag="two", platforms=wanted)
    entries = Index.parse(local.read_manifest(index)).manifests
    assert Index.parse(layout.read_manifest(made)).manifests == entries[1:]
    assert layout.resolve("two") == made
    one = copy(local, index, layout, tag="one", platforms=wanted[:1])
    assert one.digest == entries[1].digest
    assert not layout.has_blob(entries[0])


def test_foreign_layers_and_unknown_fields_are_passed_on(
    local: StoreImages, layout: Layout, store: Store, make_image: MakeImage
) -> None:
    manifest = Manifest.parse(local.read_manifest(make_image(local, "amd64", docker=True)))
    fields = msgspec.json.decode(manifest.raw)
    foreign = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": "sha256:" + "f" * 64,
        "size": 5,
        "urls": ["https://example.com/layer"],
    }
    fields["layers"].insert(0, foreign)
    fields["x-other"] = {"kept": True}
    raw = msgspec.json.encode(fields)
    descriptor = local.write_manifest(raw, manifest.media_type)
    copy(local, descriptor, layout, tag="1.0")
    assert layout.read_manifest(layout.resolve("1.0")) == raw


def test_indexes_in_indexes_are_copied_as_they_are(
    local: StoreImages, layout: Layout, make_image: MakeImage
) -> None:
    outer = Index.make((make_image(local, "amd64", "arm64"), make_image(local, "s390x")))
    descriptor = local.write_manifest(outer.raw, outer.media_type)
    assert copy(local, descriptor, layout, tag="1.0") == descriptor
    assert same_content(local, layout, descriptor)

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from trimaran import digests
from trimaran.errors import ImageError, InvalidReferenceError, NotFoundError
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.store.store import Store

MakeImage = Callable[..., Descriptor]


def test_an_image_is_found_by_name_and_by_digest(local: StoreImages, make_image: MakeImage) -> None:
    descriptor = make_image(local, "amd64", "arm64", tag="docker.io/library/app:1.0")
    assert local.resolve("docker.io/library/app:1.0") == descriptor
    assert local.resolve("app:1.0") == descriptor
    assert local.resolve(descriptor.digest) == descriptor
    assert local.resolve(f"app@{descriptor.digest}") == descriptor


def test_a_missing_image_is_named_as_people_do(local: StoreImages) -> None:
    with pytest.raises(NotFoundError, match=r"the local store has no image app:1\.0$"):
        local.resolve("docker.io/library/app:1.0")
    with pytest.raises(NotFoundError):
        local.resolve("sha256:" + "0" * 64)


def test_media_types_are_seen_where_they_are_not_written(local: StoreImages, store: Store) -> None:
    config = Descriptor(media_types.CONFIG, digests.of(b"{}"), 2)
    manifest = store.put_blob(Manifest.make(config, (), media_type="").raw)
    index = store.put_blob(Index.make((), media_type="").raw)
    assert local.resolve(manifest).media_type == media_types.MANIFEST
    assert local.resolve(index).media_type == media_types.INDEX
    for other in (b"{}", b"\xff\xfe", b"[]"):
        with pytest.raises(ImageError, match="is no image"):
            local.resolve(store.put_blob(other))


def test_wrong_bytes_are_refused(local: StoreImages, store: Store) -> None:
    promised = Descriptor(media_types.LAYER, digests.of(b"good"), 4)
    with pytest.raises(ImageError, match="holds other bytes"):
        local.write_blob(promised, lambda: nullcontext(iter((b"evil",))))
    assert not local.has_blob(promised)
    local.write_blob(promised, lambda: nullcontext(iter((b"go", b"od"))))
    store.blob_path(promised.digest).write_bytes(b"evil")
    with pytest.raises(ImageError, match="holds other bytes"), local.open_blob(promised) as chunks:
        list(chunks)


def test_a_bad_name_stores_nothing(local: StoreImages, store: Store) -> None:
    with pytest.raises(InvalidReferenceError):
        local.write_manifest(b"{}", media_types.INDEX, "Not/Valid")
    assert not store.has_blob(digests.of(b"{}"))

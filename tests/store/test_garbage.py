from __future__ import annotations

import msgspec
import pytest

from trimaran import digests, references
from trimaran.errors import StoreError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.store.store import Store


def put(store: Store, media_type: str, data: bytes) -> Descriptor:
    return Descriptor(media_type, store.put_blob(data), len(data))


def image(store: Store, text: bytes) -> Manifest:
    config = put(store, media_types.CONFIG, b"config of " + text)
    layer = put(store, media_types.LAYER, b"layer of " + text)
    manifest = Manifest.make(config, (layer,))
    store.put_blob(manifest.raw)
    return manifest


def test_what_a_name_reaches_is_kept_and_the_rest_is_garbage(store: Store) -> None:
    manifests = [image(store, text) for text in (b"one", b"two", b"three")]
    index = Index.make(tuple(manifest.descriptor for manifest in manifests[:2]))
    store.put_blob(index.raw)
    store.tag(references.parse("app"), index.descriptor)
    lost = manifests[2]
    assert set(store.garbage()) == {
        lost.descriptor.digest,
        lost.config.digest,
        lost.layers[0].digest,
    }
    store.untag(references.parse("app"))
    assert len(store.garbage()) == 10


def test_digests_in_records_and_in_keep_are_needed(store: Store) -> None:
    recorded, kept, lost = (store.put_blob(text) for text in (b"recorded", b"kept", b"lost"))
    store.put_record("layer", "key", msgspec.json.encode({"digest": recorded}))
    assert store.garbage(keep=[kept]) == [lost]


def test_a_name_whose_image_is_not_all_there_is_no_hindrance(store: Store) -> None:
    manifest = image(store, b"one")
    absent = Descriptor(media_types.MANIFEST, digests.of(b"absent"), 6)
    index = Index.make((manifest.descriptor, absent))
    store.put_blob(index.raw)
    store.tag(references.parse("app"), index.descriptor)
    assert store.garbage() == []


def test_a_damaged_manifest_stops_the_search(store: Store) -> None:
    manifest = image(store, b"one")
    store.tag(references.parse("app"), manifest.descriptor)
    store.blob_path(manifest.descriptor.digest).write_bytes(b"damage")
    with pytest.raises(StoreError, match="damaged"):
        store.garbage()

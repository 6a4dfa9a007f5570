from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from trimaran import digests, platforms
from trimaran.errors import ImageError
from trimaran.images import pick
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index, Manifest, PlatformField, platform_of
from trimaran.oci.place import Place
from trimaran.store.store import Store

MakeImage = Callable[..., Descriptor]


def with_entries(place: Place, *entries: Descriptor) -> Descriptor:
    index = Index.make(entries)
    return place.write_manifest(index.raw, index.media_type)


def children(place: Place, index: Descriptor) -> tuple[Descriptor, ...]:
    return Index.parse(place.read_manifest(index)).manifests


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/arm/v5", ""),
        ("linux/amd64/v3", "linux/amd64"),
        ("linux/arm64", "linux/arm64"),
        ("linux/s390x", ""),
    ],
)
def test_the_best_of_an_index_is_chosen(
    local: StoreImages, make_image: MakeImage, wanted: str, got: str
) -> None:
    index = make_image(local, "arm/v6", "amd64", "arm/v7", "arm64")
    if not got:
        with pytest.raises(ImageError, match=f"app has no image for {wanted}") as caught:
            pick.choose(local, index, platforms.parse(wanted), "app")
        listed = "linux/arm/v6, linux/amd64, linux/arm/v7, linux/arm64"
        assert caught.value.hint == f"it has: {listed}"
        return
    choice = pick.choose(local, index, platforms.parse(wanted))
    assert str(choice.config.platform) == got
    assert str(platform_of(choice.descriptor)) == got
    assert choice.manifest.descriptor.digest == choice.descriptor.digest


@pytest.mark.parametrize("docker", [False, True])
def test_a_single_manifest_is_judged_by_its_config(
    local: StoreImages, make_image: MakeImage, docker: bool
) -> None:
    descriptor = make_image(local, "arm64", docker=docker)
    assert pick.choose(local, descriptor, platforms.parse("arm64")).descriptor == descriptor
    assert pick.offered(local, descriptor) == [platforms.parse("arm64")]
    with pytest.raises(ImageError, match="has no image for linux/amd64") as caught:
        pick.choose(local, descriptor, platforms.parse("amd64"))
    assert caught.value.hint == "it has: linux/arm64"


def test_attestations_and_unknown_kinds_are_never_offered(
    local: StoreImages, store: Store, make_image: MakeImage
) -> None:
    (amd64, arm64) = children(local, make_image(local, "amd64", "arm64"))
    raw = b'{"architecture": "unknown", "os": "unknown"}'
    config = Descriptor(media_types.CONFIG, store.put_blob(raw), len(raw))
    attestation = local.write_manifest(Manifest.make(config, ()).raw, media_types.MANIFEST)
    unknown = PlatformField("unknown", "unknown")
    index = with_entries(
        local,
        Descriptor(attestation.media_type, attestation.digest, attestation.size, unknown),
        attestation,
        Descriptor("application/x-other", digests.of(b""), 0),
        arm64,
        amd64,
    )
    offered = pick.offered(local, index)
    assert offered == [platforms.parse("arm64"), platforms.parse("amd64")]


def test_indexes_in_indexes_are_flattened_and_bare_entries_judged(
    local: StoreImages, make_image: MakeImage
) -> None:
    inner = make_image(local, "amd64", "arm64")
    bare = make_image(local, "s390x")
    index = with_entries(local, bare, inner)
    names = [str(platform) for platform in pick.offered(local, index)]
    assert names == ["linux/s390x", "linux/amd64", "linux/arm64"]
    assert pick.choose(local, index, platforms.parse("s390x")).descriptor == bare


def test_an_empty_index_offers_nothing(local: StoreImages) -> None:
    with pytest.raises(ImageError) as caught:
        pick.choose(local, with_entries(local), platforms.parse("amd64"))
    assert caught.value.hint == "it has: none at all"


def test_what_is_no_image_is_an_error(local: StoreImages, store: Store) -> None:
    store.put_blob(b"{}")
    other = Descriptor("application/x-other", digests.of(b"{}"), 2)
    with pytest.raises(ImageError, match="neither an image nor an index"):
        pick.offered(local, other)


def test_an_artifact_is_no_image(local: StoreImages) -> None:
    data = b"{}"
    empty = Descriptor("application/vnd.oci.empty.v1+json", digests.of(data), 2)
    local.write_blob(empty, lambda: nullcontext(iter((data,))))
    artifact = local.write_manifest(Manifest.make(empty, (empty,)).raw, media_types.MANIFEST)
    assert pick.offered(local, artifact) == []

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from trimaran import platforms
from trimaran.errors import ImageError
from trimaran.images.local import StoreImages
from trimaran.images.narrow import narrow
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index, PlatformField

MakeImage = Callable[..., Descriptor]
SUBJECT = "vnd.docker.reference.digest"


def parsed(*names: str) -> list[platforms.Platform]:
    return [platforms.parse(name) for name in names]


def test_all_platforms_leave_an_index_as_it_is(local: StoreImages, make_image: MakeImage) -> None:
    index = make_image(local, "amd64", "arm64")
    assert narrow(local, index, parsed("arm64", "amd64")).descriptor == index


def test_one_platform_is_the_manifest_itself(local: StoreImages, make_image: MakeImage) -> None:
    index = make_image(local, "amd64", "arm64")
    (_, arm64) = Index.parse(local.read_manifest(index)).manifests
    assert narrow(local, index, parsed("arm64")).descriptor == arm64
    assert narrow(local, arm64, parsed("arm64")).descriptor == arm64


@pytest.mark.parametrize("docker", [False, True])
def test_several_make_a_new_index_of_the_old_entries(
    local: StoreImages, make_image: MakeImage, docker: bool
) -> None:
    index = make_image(local, "amd64", "arm64", "s390x", docker=docker)
    node = narrow(local, index, parsed("s390x", "amd64"))
    entries = Index.parse(local.read_manifest(index)).manifests
    assert Index.parse(node.raw).manifests == (entries[0], entries[2])
    assert node.descriptor.media_type == index.media_type
    assert Index.parse(node.raw).media_type == index.media_type


def test_unknown_fields_and_the_kept_ones_attestations_survive(
    local: StoreImages, make_image: MakeImage
) -> None:
    index = make_image(local, "amd64", "arm64", "s390x")
    entries = Index.parse(local.read_manifest(index)).manifests
    unknown = PlatformField("unknown", "unknown")
    notes = [
        Descriptor(entry.media_type, entry.digest, entry.size, unknown, {SUBJECT: entry.digest})
        for entry in entries
    ]
    fields = msgspec.json.decode(Index.make((*entries, *notes)).raw)
    fields |= {"x-other": [1], "annotations": {"k": "v"}}
    fields["manifests"][0]["x-field"] = True
    whole = local.write_manifest(msgspec.json.encode(fields), media_types.INDEX)
    node = narrow(local, whole, parsed("amd64", "arm64"))
    made = msgspec.json.decode(node.raw)
    assert made["x-other"] == [1]
    assert made["annotations"] == {"k": "v"}
    assert made["manifests"][0]["x-field"] is True
    assert Index.parse(node.raw).manifests == (*entries[:2], *notes[:2])


def test_indexes_in_indexes_become_flat(local: StoreImages, make_image: MakeImage) -> None:
    inner = Index.parse(local.read_manifest(make_image(local, "amd64", "arm64"))).manifests
    nested = local.write_manifest(Index.make(inner).raw, media_types.INDEX)
    other = make_image(local, "s390x")
    outer = local.write_manifest(Index.make((nested, other)).raw, media_types.INDEX)
    node = narrow(local, outer, parsed("s390x", "amd64"))
    assert Index.parse(node.raw).manifests == (inner[0], other)


def test_a_lacking_platform_is_an_error(local: StoreImages, make_image: MakeImage) -> None:
    index = make_image(local, "amd64", "arm64")
    with pytest.raises(ImageError, match="has no image for linux/s390x") as caught:
        narrow(local, index, parsed("amd64", "s390x"))
    assert caught.value.hint == "it has: linux/amd64, linux/arm64"

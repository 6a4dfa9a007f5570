from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.images.conftest import MakeImage, put

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError
from trimaran.images import members, pick, tree
from trimaran.images.layout import Layout
from trimaran.images.lists import ImageList, annotated
from trimaran.images.members import members_of
from trimaran.oci import media_types
from trimaran.oci.annotations import MISSING
from trimaran.oci.models import Descriptor, ImageConfig, Index, platform_field
from trimaran.oci.place import Place
from trimaran.platforms import Platform, parse

AMD64, ARM64, V6, V7 = (parse(name) for name in ("amd64", "arm64", "arm/v6", "arm/v7"))
SUBJECT = "vnd.docker.reference.digest"


def names(listed: ImageList) -> list[str]:
    return [str(platform) for platform in listed.platforms]


def attested(place: Place, image: Descriptor) -> Descriptor:
    """An index of the images in `image`, with an attestation for each, as BuildKit writes it."""
    entries = list(Index.parse(place.read_manifest(image)).manifests)
    for entry in tuple(entries):
        raw = msgspec.json.encode(
            {
                "schemaVersion": 2,
                "mediaType": media_types.MANIFEST,
                "config": empty_blob(place, media_types.CONFIG),
                "layers": [],
                "annotations": {"about": entry.digest},
            }
        )
        written = place.write_manifest(raw, media_types.MANIFEST)
        annotations = {SUBJECT: entry.digest, "vnd.docker.reference.type": "attestation-manifest"}
        unknown = platform_field(Platform("unknown", "unknown"))
        entries.append(
            Descriptor(written.media_type, written.digest, written.size, unknown, annotations)
        )
    index = Index.make(tuple(entries))
    return place.write_manifest(index.raw, index.media_type)


def empty_blob(place: Place, media_type: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(put(place, media_type, b"{}"))
    return fields


def test_an_equal_platform_gives_way_in_its_place(layout: Layout, make_image: MakeImage) -> None:
    first = ImageList.read(layout, make_image(layout, "amd64", "arm64", "arm/v7"))
    other = make_image(layout, "arm64", docker=True)
    changed = first.with_members(members_of(layout, other, "other"))
    assert names(changed) == names(first)
    assert changed.images[1].digest == other.digest
    assert changed.with_members(members_of(layout, other, "other")) == changed


def test_an_image_that_was_missing_is_no_longer_named_so(
    layout: Layout, make_image: MakeImage
) -> None:
    both = ImageList.read(layout, make_image(layout, "amd64", "s390x"))
    listed = both.with_annotations({MISSING: "linux/arm64,linux/arm/v7", "a": "b"})
    added = members_of(layout, make_image(layout, "arm64"), "it")
    changed = listed.with_members(added)
    assert changed.fields["annotations"] == {"a": "b", MISSING: "linux/arm/v7"}
    assert changed.with_members(added) == changed
    last = members_of(layout, make_image(layout, "arm/v7"), "it")
    assert changed.with_members(last).fields["annotations"] == {"a": "b"}
    assert both.with_members(last).fields == both.fields


def test_attestations_travel_with_their_image(layout: Layout, make_image: MakeImage) -> None:
    source = attested(layout, make_image(layout, "amd64", "arm64"))
    listed = ImageList.empty().with_members(members_of(layout, source, "it"))
    assert names(listed) == ["linux/amd64", "linux/arm64"]
    assert len(listed.entries) == 4
    assert {entry.subject for entry in listed.entries} - {""} == {e.digest for e in listed.images}
    left = listed.without(ARM64, "it")
    assert names(left) == ["linux/amd64"]
    assert [entry.subject for entry in left.entries] == ["", left.images[0].digest]
    replaced = listed.with_members(members_of(layout, make_image(layout, "amd64"), "new"))
    # The same image again, listed alone: it keeps what is said about it.
    assert replaced == listed


def test_a_nested_index_is_flattened(layout: Layout, make_image: MakeImage) -> None:
    inner = make_image(layout, "arm64", "arm/v7")
    plain = make_image(layout, "amd64")
    nested = Index.make((plain, inner))
    written = layout.write_manifest(nested.raw, nested.media_type)
    listed = ImageList.read(layout, written)
    assert names(listed) == ["linux/amd64", "linux/arm64", "linux/arm/v7"]
    flat = Index.parse(listed.node().raw)
    assert [entry.media_type for entry in flat.manifests] == [media_types.MANIFEST] * 3


def test_fields_that_are_unknown_survive(layout: Layout, make_image: MakeImage) -> None:
    raw = layout.read_manifest(make_image(layout, "amd64", "arm64"))
    fields = msgspec.json.decode(raw)
    fields["x-list"] = {"a": 1}
    fields["manifests"][0]["x-entry"] = [1, 2]
    written = layout.write_manifest(msgspec.json.encode(fields), media_types.INDEX)
    changed = ImageList.read(layout, written).with_annotations({"b": "2", "a": "1"})
    node = changed.node()
    new = msgspec.json.decode(node.raw)
    assert new["x-list"] == {"a": 1}
    assert new["manifests"][0]["x-entry"] == [1, 2]
    assert Index.parse(node.raw).annotations == {"a": "1", "b": "2"}
    assert node.descriptor.digest == digests.of(node.raw)
    without = changed.with_annotations({"a": ""}).with_annotations({"b": ""})
    assert "annotations" not in msgspec.json.decode(without.node().raw)


def test_a_docker_list_stays_one_until_something_of_oci_comes(
    layout: Layout, make_image: MakeImage
) -> None:
    docker = make_image(layout, "amd64", "arm64", docker=True)
    listed = ImageList.read(layout, docker)
    more = listed.with_members(members_of(layout, make_image(layout, "arm/v7", docker=True), "d"))
    assert more.node().descriptor.media_type == media_types.DOCKER_LIST
    assert more.with_annotations({"a": "b"}).node().descriptor.media_type == media_types.INDEX
    mixed = listed.with_members(members_of(layout, make_image(layout, "arm/v7"), "o"))
    assert mixed.node().descriptor.media_type == media_types.INDEX


def test_what_is_not_listed_is_named_with_what_is(layout: Layout, make_image: MakeImage) -> None:
    listed = ImageList.read(layout, make_image(layout, "amd64", "arm64"))
    with pytest.raises(NotFoundError, match="whoami has no image for linux/arm/v7") as caught:
        listed.without(V7, "whoami")
    assert "linux/amd64 (sha256:" in caught.value.hint
    with pytest.raises(NotFoundError, match="other is not in the list"):
        listed.find(["sha256:" + "0" * 64], "other")


def test_two_images_of_one_platform_are_refused(layout: Layout, make_image: MakeImage) -> None:
    listed = ImageList.read(layout, make_image(layout, "amd64", "arm64"))
    amd64, arm64 = listed.images
    with pytest.raises(ImageError, match="another image for linux/arm64"):
        listed.with_changed(amd64, annotated(amd64, ARM64, {}))
    same = listed.with_changed(arm64, annotated(arm64, ARM64, {"a": "b"}))
    assert same.images[1].descriptor.annotations == {"a": "b"}
    assert same.with_changed(same.images[1], annotated(same.images[1], ARM64, {"a": ""})) == listed


def test_a_config_that_says_another_platform_is_refused(
    layout: Layout, make_image: MakeImage
) -> None:
    (member,) = members_of(layout, make_image(layout, "arm/v7"), "whoami:arm32")
    for platform in (AMD64, V6):
        with pytest.raises(ImageError, match="its config says linux/arm/v7") as caught:
            members.placed(member, platform, force=False, fix=False)
        assert "--fix-config" in caught.value.hint
    assert members.placed(member, V6, force=True, fix=False).platform == V6
    assert members.placed(member, V7, force=False, fix=False) == member


def test_a_config_without_a_variant_denies_none(layout: Layout, make_image: MakeImage) -> None:
    (member,) = members_of(layout, make_image(layout, "arm/v7"), "whoami")
    fixed = members.fix_config(member, Platform("linux", "arm"))
    for platform in (V6, V7):
        assert members.placed(fixed, platform, force=False, fix=False).platform == platform


def test_a_mended_config_keeps_layers_and_unknown_fields(
    layout: Layout, make_image: MakeImage
) -> None:
    (member,) = members_of(layout, make_image(layout, "arm/v7"), "whoami")
    fixed = members.placed(member, ARM64, force=False, fix=True)
    assert fixed.platform == ARM64
    old = tree.read(layout, member.entry.descriptor)
    new = tree.read(fixed.place, fixed.entry.descriptor)
    assert not isinstance(old, Index)
    assert not isinstance(new, Index)
    assert new.layers == old.layers
    config = ImageConfig.parse(pick.read_config(fixed.place, new))
    assert config.platform == ARM64
    assert config.rootfs == ImageConfig.parse(pick.read_config(layout, old)).rootfs

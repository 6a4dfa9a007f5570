"""That other programs read what is written here, and the other way round."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trimaran import references
from trimaran.images import docker_archive, layout_tar
from trimaran.images.copy import copy
from trimaran.images.docker_archive import DockerArchive
from trimaran.images.layout import Layout
from trimaran.images.layout_tar import LayoutArchive
from trimaran.images.local import StoreImages
from trimaran.images.tree import gather, read_node
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.oci.place import Place

pytestmark = pytest.mark.real

MakeImage = Callable[..., Descriptor]
PLATFORMS = ("amd64", "arm/v7", "s390x")


def skopeo(*words: str | Path) -> str:
    argv = ["skopeo", "--insecure-policy", *map(str, words)]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


def inspected(name: str, architecture: str = "s390x") -> dict[str, Any]:
    found = skopeo("--override-arch", architecture, "--override-os", "linux", "inspect", name)
    facts: dict[str, Any] = json.loads(found)
    return facts


def digest_of(place: Place, descriptor: Descriptor, number: int) -> str:
    return Index.parse(place.read_manifest(descriptor)).manifests[number].digest


def all_bytes_are_right(place: Place, descriptor: Descriptor) -> bool:
    for blob in gather(place, read_node(place, descriptor)).blobs:
        with place.open_blob(blob) as chunks:
            assert sum(map(len, chunks)) == blob.size
    return True


def test_skopeo_reads_a_layout(tmp_path: Path, layout: Layout, make_image: MakeImage) -> None:
    index = make_image(layout, *PLATFORMS, tag="1.0")
    facts = inspected(f"oci:{tmp_path}/layout:1.0")
    assert facts["Digest"] == index.digest
    assert facts["Architecture"] == "s390x"
    assert len(facts["Layers"]) == 2
    skopeo("copy", "--all", f"oci:{tmp_path}/layout:1.0", f"oci:{tmp_path}/copied:1.0")
    assert Layout(tmp_path / "copied").resolve("1.0") == index
    assert all_bytes_are_right(Layout(tmp_path / "copied"), index)


def test_skopeo_reads_an_archive(tmp_path: Path, local: StoreImages, make_image: MakeImage) -> None:
    index = make_image(local, *PLATFORMS)
    layout_tar.write(local, index, tmp_path / "out.tar", names=["app:1.0"])
    skopeo("copy", "--all", f"oci-archive:{tmp_path}/out.tar:1.0", f"oci:{tmp_path}/copied:1.0")
    assert Layout(tmp_path / "copied").resolve("1.0") == index
    assert all_bytes_are_right(Layout(tmp_path / "copied"), index)


def test_skopeo_reads_a_docker_archive(
    tmp_path: Path, local: StoreImages, make_image: MakeImage
) -> None:
    image = make_image(local, "s390x")
    names = [references.parse("app:1.0")]
    docker_archive.write(local, image, tmp_path / "out.tar", names=names)
    facts = inspected(f"docker-archive:{tmp_path}/out.tar")
    assert facts["Architecture"] == "s390x"
    skopeo("copy", f"docker-archive:{tmp_path}/out.tar:app:1.0", f"oci:{tmp_path}/copied:1.0")
    copied = Layout(tmp_path / "copied")
    config = Manifest.parse(copied.read_manifest(copied.resolve("1.0"))).config
    assert config.digest == Manifest.parse(local.read_manifest(image)).config.digest


@pytest.mark.parametrize("form", ["oci", "oci-archive"])
def test_what_skopeo_writes_in_oci_form_is_read(
    tmp_path: Path, layout: Layout, local: StoreImages, make_image: MakeImage, form: str
) -> None:
    index = make_image(layout, *PLATFORMS, tag="1.0")
    target = tmp_path / "written"
    skopeo("copy", "--all", f"oci:{tmp_path}/layout:1.0", f"{form}:{target}:1.0")
    place = Layout(target) if form == "oci" else LayoutArchive(target)
    assert place.resolve("1.0") == index
    assert copy(place, index, local) == index
    assert all_bytes_are_right(local, index)


def test_what_skopeo_writes_in_docker_form_is_read(
    tmp_path: Path, layout: Layout, local: StoreImages, make_image: MakeImage
) -> None:
    make_image(layout, "s390x", tag="1.0")
    target = tmp_path / "written.tar"
    skopeo("copy", f"oci:{tmp_path}/layout:1.0", f"docker-archive:{target}:app:1.0")
    place = DockerArchive(target)
    descriptor = place.resolve("app:1.0")
    assert place.names() == ["docker.io/library/app:1.0"]
    copy(place, descriptor, local)
    assert all_bytes_are_right(local, descriptor)


def test_skopeo_adds_to_a_layout_and_so_do_we(
    tmp_path: Path, layout: Layout, make_image: MakeImage
) -> None:
    one = make_image(layout, *PLATFORMS, tag="one")
    skopeo("copy", "--all", f"oci:{tmp_path}/layout:one", f"oci:{tmp_path}/shared:one")
    shared = Layout(tmp_path / "shared")
    two = make_image(shared, "arm64", tag="two")
    skopeo("copy", "--all", f"oci:{tmp_path}/layout:one", f"oci:{tmp_path}/shared:three")
    assert shared.names() == ["one", "three", "two"]
    assert (shared.resolve("one"), shared.resolve("two")) == (one, two)


def test_docker_schema_2_keeps_its_digests(
    tmp_path: Path, layout: Layout, make_image: MakeImage
) -> None:
    index = make_image(layout, *PLATFORMS, tag="1.0", docker=True)
    folder = tmp_path / "plain"
    copied = Layout(tmp_path / "copied")
    assert copy(layout, index, copied, tag="1.0") == index
    first = digest_of(copied, index, 0)
    folder.mkdir()
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    (folder / "manifest.json").write_bytes(copied.read_manifest(copied.resolve(first)))
    for blob in gather(copied, read_node(copied, copied.resolve(first))).blobs:
        with copied.open_blob(blob) as chunks:
            (folder / blob.digest.partition(":")[2]).write_bytes(b"".join(chunks))
    assert inspected(f"dir:{folder}", "amd64")["Digest"] == first

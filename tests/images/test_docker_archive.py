from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from trimaran import digests, references
from trimaran.errors import ImageError, NotFoundError
from trimaran.images import docker_archive
from trimaran.images.copy import copy
from trimaran.images.docker_archive import DockerArchive
from trimaran.images.layout import Layout
from trimaran.images.layout_tar import LayoutArchive
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Manifest

MakeImage = Callable[..., Descriptor]
NAMES = [references.parse("app:1.0"), references.parse("localhost:5000/app")]


def saved(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def listing(config: str, layers: list[str], tags: list[str] | None) -> bytes:
    return json.dumps([{"Config": config, "RepoTags": tags, "Layers": layers}]).encode()


def test_a_written_archive_is_read_back_layer_by_layer(
    tmp_path: Path, local: StoreImages, layout: Layout, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "arm64")
    docker_archive.write(local, descriptor, tmp_path / "out.tar", names=NAMES)
    archive = DockerArchive(tmp_path / "out.tar")
    assert archive.names() == ["app:1.0", "localhost:5000/app:latest"]
    found = archive.resolve("docker.io/library/app:1.0")
    assert found == archive.resolve("") == archive.resolve(found.digest)
    copy(archive, found, layout, tag="1.0")
    made = Manifest.parse(layout.read_manifest(found))
    original = Manifest.parse(local.read_manifest(descriptor))
    assert (made.config, made.layers) == (original.config, original.layers)


def test_it_is_an_oci_archive_as_well(
    tmp_path: Path, local: StoreImages, make_image: MakeImage
) -> None:
    descriptor = make_image(local, "arm64")
    docker_archive.write(local, descriptor, tmp_path / "out.tar", names=NAMES)
    assert LayoutArchive(tmp_path / "out.tar").resolve("app:1.0") == descriptor


def test_an_index_is_refused(tmp_path: Path, local: StoreImages, make_image: MakeImage) -> None:
    index = make_image(local, "amd64", "arm64")
    with pytest.raises(ImageError, match="one platform's image") as caught:
        docker_archive.write(local, index, tmp_path / "out.tar")
    assert "OCI archive" in caught.value.hint
    assert not (tmp_path / "out.tar").exists()


def test_old_archives_have_plain_layers_named_by_the_config(tmp_path: Path) -> None:
    layer = saved(file=b"data")
    config = json.dumps(
        {"architecture": "arm64", "os": "linux", "rootfs": {"diff_ids": [digests.of(layer)]}}
    ).encode()
    manifest = listing("c.json", ["0123/layer.tar"], None)
    path = tmp_path / "old.tar"
    path.write_bytes(
        saved(c_json=config, **{"0123__layer_tar": layer, "manifest_json": manifest}),
    )
    archive = DockerArchive(path)
    made = Manifest.parse(archive.read_manifest(archive.resolve("")))
    assert made.layers == (Descriptor(media_types.LAYER, digests.of(layer), len(layer)),)
    with archive.open_blob(made.layers[0]) as chunks:
        assert b"".join(chunks) == layer


@pytest.mark.parametrize(
    ("manifest", "error"),
    [
        (b"{}", "manifest.json is malformed"),
        (listing("c.json", [], None), "0 layers, 1 diff IDs"),
        (listing("c.json", ["missing"], None), "lacks the layer missing"),
        (listing("missing", [], None), "has no missing"),
        (b"[]", "has no image ''"),
    ],
)
def test_a_malformed_archive_is_an_error(tmp_path: Path, manifest: bytes, error: str) -> None:
    config = json.dumps(
        {"architecture": "arm64", "os": "linux", "rootfs": {"diff_ids": [digests.of(b"")]}}
    ).encode()
    path = tmp_path / "bad.tar"
    path.write_bytes(saved(c_json=config, manifest_json=manifest))
    with pytest.raises(ImageError, match=error):
        DockerArchive(path).resolve("")


def test_what_is_asked_for_in_vain_is_an_error(
    tmp_path: Path, local: StoreImages, make_image: MakeImage
) -> None:
    docker_archive.write(local, make_image(local, "arm64"), tmp_path / "out.tar", names=NAMES)
    with pytest.raises(NotFoundError) as caught:
        DockerArchive(tmp_path / "out.tar").resolve("other:1.0")
    assert caught.value.hint == "it has: app:1.0, localhost:5000/app:latest"
    (tmp_path / "file.tar").write_bytes(saved(file=b""))
    with pytest.raises(ImageError, match="no Docker archive"):
        DockerArchive(tmp_path / "file.tar")

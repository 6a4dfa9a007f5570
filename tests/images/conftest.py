from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from tests.audit.binaries import elf_file

from trimaran import digests
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import (
    Descriptor,
    ImageConfig,
    Index,
    Manifest,
    RootFS,
    RunConfig,
    encode,
    platform_field,
)
from trimaran.oci.place import Place
from trimaran.platforms import Platform, parse
from trimaran.store.store import Store

MakeImage = Callable[..., Descriptor]
OCI = (media_types.MANIFEST, media_types.CONFIG, media_types.LAYER_GZIP)
DOCKER = (media_types.DOCKER_MANIFEST, media_types.DOCKER_CONFIG, media_types.DOCKER_LAYER_GZIP)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def local(store: Store) -> StoreImages:
    return StoreImages(store)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


@pytest.fixture
def make_image() -> MakeImage:
    """Write an honest image of two small layers for one platform, or an index for several."""
    return image


def image(place: Place, *names: str, tag: str = "", docker: bool = False) -> Descriptor:
    if len(names) == 1:
        return single(place, parse(names[0]), tag, docker=docker)
    children = []
    for name in names:
        child = single(place, parse(name), "", docker=docker)
        field = platform_field(parse(name))
        children.append(Descriptor(child.media_type, child.digest, child.size, field))
    media_type = media_types.DOCKER_LIST if docker else media_types.INDEX
    index = Index.make(tuple(children), media_type=media_type)
    return place.write_manifest(index.raw, media_type, tag)


def single(place: Place, platform: Platform, tag: str, *, docker: bool) -> Descriptor:
    manifest_type, config_type, layer_type = DOCKER if docker else OCI
    program = elf_file(platform.architecture)
    tars = [tar("etc/shared", b"the same for all"), tar("bin/true", program, mode=0o755)]
    config = ImageConfig(
        platform.architecture,
        platform.os,
        platform.variant,
        config=RunConfig(cmd=("/bin/true",)),
        rootfs=RootFS(diff_ids=tuple(digests.of(each) for each in tars)),
    )
    layers = tuple(put(place, layer_type, gzip.compress(each, mtime=0)) for each in tars)
    manifest = Manifest.make(
        put(place, config_type, encode(config)), layers, media_type=manifest_type
    )
    return place.write_manifest(manifest.raw, manifest_type, tag)


def put(place: Place, media_type: str, data: bytes) -> Descriptor:
    descriptor = Descriptor(media_type, digests.of(data), len(data))
    place.write_blob(descriptor, lambda: nullcontext(iter((data,))))
    return descriptor


def tar(name: str, data: bytes, *, mode: int = 0o644) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), mode
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()

from __future__ import annotations

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import digests, platforms
from trimaran.errors import ImageError
from trimaran.oci import media_types
from trimaran.oci.models import (
    MANIFEST_LIMIT_BYTES,
    Descriptor,
    History,
    ImageConfig,
    Index,
    Manifest,
    PlatformField,
    RootFS,
    RunConfig,
    encode,
    platform_field,
    platform_of,
)

CONFIG = Descriptor(media_types.CONFIG, "sha256:" + "c" * 64, 2)
LAYER = Descriptor(media_types.LAYER_GZIP, "sha256:" + "d" * 64, 3)
PARSERS = [Manifest.parse, Index.parse, ImageConfig.parse]


def test_a_manifest_keeps_the_bytes_that_it_was_read_from() -> None:
    fields = {
        "x-unknown": {"kept": [1, 2]},
        "schemaVersion": 2,
        "config": {**json.loads(encode(CONFIG)), "data": "e30="},
        "layers": [json.loads(encode(LAYER))],
    }
    raw = json.dumps(fields, indent=3).encode()
    manifest = Manifest.parse(raw)
    assert manifest.raw == raw
    assert manifest.media_type == media_types.MANIFEST
    assert (manifest.config, manifest.layers) == (CONFIG, (LAYER,))
    assert manifest.descriptor == Descriptor(media_types.MANIFEST, digests.of(raw), len(raw))


def test_an_index_keeps_the_bytes_that_it_was_read_from() -> None:
    fields = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_LIST,
        "manifests": [{**json.loads(encode(LAYER)), "platform": {"architecture": "arm64"}}],
        "x-unknown": None,
    }
    fields["manifests"][0]["platform"] |= {"os": "linux", "features": ["sse4"]}  # type: ignore[index]
    raw = json.dumps(fields).encode()
    index = Index.parse(raw)
    assert index.raw == raw
    assert index.descriptor == Descriptor(media_types.DOCKER_LIST, digests.of(raw), len(raw))
    assert platform_of(index.manifests[0]) == platforms.parse("arm64")


def test_what_is_made_reads_as_it_was_made() -> None:
    notes = {"org.opencontainers.image.title": "app"}
    manifest = Manifest.make(CONFIG, (LAYER, LAYER), annotations=notes)
    assert Manifest.parse(manifest.raw) == manifest
    index = Index.make((manifest.descriptor,), annotations=notes)
    assert Index.parse(index.raw) == index
    docker = Manifest.make(CONFIG, (), media_type=media_types.DOCKER_MANIFEST)
    assert docker.descriptor.media_type == media_types.DOCKER_MANIFEST
    assert json.loads(docker.raw)["mediaType"] == media_types.DOCKER_MANIFEST


def test_what_is_made_says_its_version_and_media_type() -> None:
    assert json.loads(Index.make(()).raw) == {
        "schemaVersion": 2,
        "manifests": [],
        "mediaType": media_types.INDEX,
    }


@given(labels=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=8))
def test_equal_values_have_equal_bytes(labels: dict[str, str]) -> None:
    reverse = dict(reversed(labels.items()))
    assert encode(RunConfig(labels=labels)) == encode(RunConfig(labels=reverse))


def test_a_reset_command_is_not_an_absent_one() -> None:
    assert json.loads(encode(RunConfig())) == {}
    assert json.loads(encode(RunConfig(cmd=(), entrypoint=()))) == {"Cmd": [], "Entrypoint": []}
    parsed = msgspec.json.decode(b'{"Cmd": null, "Entrypoint": []}', type=RunConfig)
    assert (parsed.cmd, parsed.entrypoint) == (None, ())


def test_a_config_is_read_and_written_in_the_specs_names() -> None:
    config = ImageConfig(
        "arm",
        "linux",
        "v7",
        os_version="1",
        config=RunConfig(working_dir="/app", exposed_ports={"80/tcp": {}}, on_build=("RUN x",)),
        rootfs=RootFS(diff_ids=("sha256:" + "e" * 64,)),
        history=(History(created_by="RUN x", empty_layer=True),),
    )
    fields = json.loads(encode(config))
    assert fields["os.version"] == "1"
    assert fields["rootfs"] == {"type": "layers", "diff_ids": ["sha256:" + "e" * 64]}
    assert fields["config"] == {
        "WorkingDir": "/app",
        "ExposedPorts": {"80/tcp": {}},
        "OnBuild": ["RUN x"],
    }
    assert fields["history"] == [{"created_by": "RUN x", "empty_layer": True}]
    assert ImageConfig.parse(encode(config)) == config


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (PlatformField("aarch64", "linux"), "linux/arm64"),
        (PlatformField("arm64", "linux", "v8"), "linux/arm64"),
        (PlatformField("arm", "linux"), "linux/arm/v7"),
        (PlatformField("amd64", "Linux", "v2"), "linux/amd64/v2"),
    ],
)
def test_platforms_are_normalised_where_they_enter(field: PlatformField, name: str) -> None:
    platform = platform_of(Descriptor(media_types.MANIFEST, CONFIG.digest, 1, field))
    assert str(platform) == name
    assert platform is not None
    assert str(platform_of(Descriptor("t", "d", 1, platform_field(platform)))) == name
    assert ImageConfig(field.architecture, field.os, field.variant).platform == platform


def test_an_entry_without_a_platform_has_none() -> None:
    assert platform_of(CONFIG) is None


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"schemaVersion": "2"}',
        b"\xff\xfe",
        b'{"architecture": "\xff", "os": "linux"}',
        b'{"schemaVersion": 2, "manifests": [{}], "config": {}, "layers": {}}',
        b"[" * 100_000,
        b'{"x": ' + b"[" * 100_000,
    ],
)
def test_bad_json_is_an_image_error(parse: object, raw: bytes) -> None:
    assert callable(parse)
    with pytest.raises(ImageError, match="not a valid"):
        parse(raw)


@pytest.mark.parametrize("parse", PARSERS)
def test_what_no_registry_takes_is_not_read(parse: object) -> None:
    assert callable(parse)
    with pytest.raises(ImageError, match="over the limit"):
        parse(b" " * (MANIFEST_LIMIT_BYTES + 1))


@given(raw=st.binary(max_size=60))
def test_any_bytes_are_a_value_or_an_image_error(raw: bytes) -> None:
    for parse in PARSERS:
        with suppress(ImageError):
            assert encode(parse(raw))

"""Images with attestations, as buildx itself has written them, through every command."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import CommandLine, Open
from tests.images.conftest import image
from tests.support.attested import HELLO, NAME, PLATFORMS, archive, build
from tests.support.engines import serve_engines
from tests.support.registry import RunningRegistry

from trimaran.images.attestations import Attestation, attestations
from trimaran.images.layout_tar import LayoutArchive
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.oci.place import Place

pytestmark = pytest.mark.real

PROVENANCE = "https://slsa.dev/provenance/v0.2"
SOURCE = f"oci-archive:{HELLO}"


@pytest.fixture
def repo(registry: RunningRegistry, request: pytest.FixtureRequest) -> str:
    return f"{registry.host}/attested/{request.node.name.replace('_', '-')}"


def held(place: Place, descriptor: Descriptor) -> tuple[Attestation, ...]:
    """The attestations, after a look at all of their content."""
    found = attestations(place, descriptor)
    for each in found:
        manifest = Manifest.parse(place.read_manifest(place.resolve(each.digest)))
        for layer in manifest.layers:
            with place.open_blob(layer) as chunks:
                statement = json.loads(b"".join(chunks))
            assert statement["predicateType"] in each.predicate_types
            digests = [subject["digest"]["sha256"] for subject in statement["subject"]]
            assert digests == [each.subject.removeprefix("sha256:")]
    return found


def shown(cli: CommandLine, name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(cli.ok("inspect", "--json", name))
    return facts


def judge(cli: CommandLine, name: str) -> None:
    """What the commands say of an attested image, wherever it is."""
    facts = shown(cli, name)["platforms"]
    assert [each["platform"] for each in facts] == list(PLATFORMS)
    for each in facts:
        (attestation,) = each["attestations"]
        assert attestation["predicateTypes"] == [PROVENANCE]
        assert attestation["subject"] == each["digest"]
        assert f"is attested by {attestation['digest']}: {PROVENANCE}" in cli.ok("inspect", name)
    assert "unknown" not in cli.ok("inspect", name)
    report = json.loads(cli.ok("verify", "--format", "json", name))
    assert report["findings"] == []
    assert cli.ok("referrers", name) == "nothing refers to it\n"  # there is no subject field


def test_they_go_with_the_image_from_place_to_place(
    cli: CommandLine, opened: Open, repo: str, tmp_path: Path
) -> None:
    places = (
        SOURCE,
        f"docker://{repo}:1",
        "store:hello:2",
        f"oci:{tmp_path}/layout:3",
        f"oci-archive:{tmp_path}/archive.tar:4",
        f"docker://{repo}-again:5",
    )
    made = LayoutArchive(HELLO).resolve(NAME).digest
    for source, target in pairwise(places):
        assert cli.ok("copy", source, target).strip() == made
        judge(cli, target)
    assert len(held(opened(f"{repo}-again"), opened(f"{repo}-again").resolve("5"))) == 2
    cli.ok("pull", "--platform", "arm64", f"{repo}:1")
    cli.ok("push", f"{repo}:1")  # the name means all of it still
    assert opened(repo).resolve("1").digest == made


def test_one_platform_is_taken_without_those_of_the_other(
    cli: CommandLine, opened: Open, repo: str
) -> None:
    cli.ok("copy", SOURCE, f"docker://{repo}:all")
    image(opened(repo), "s390x", tag="s390x")
    digest = cli.ok("manifest", "add", f"{repo}:all", f"docker://{repo}:s390x").strip()
    assert len(held(opened(repo), opened(repo).resolve(digest))) == 2
    cli.ok("copy", "--platform", "s390x,arm64", f"docker://{repo}:all", f"docker://{repo}-two:1")
    two = opened(f"{repo}-two")
    (kept,) = held(two, two.resolve("1"))
    arm = next(
        each for each in shown(cli, f"{repo}:all")["platforms"] if each["platform"] == "linux/arm64"
    )
    assert kept.subject == arm["digest"]


def test_lists_take_them_in_and_drop_them(cli: CommandLine, opened: Open, repo: str) -> None:
    image(opened(repo), "s390x", tag="list")
    cli.ok("manifest", "add", f"{repo}:list", SOURCE)
    place = opened(repo)
    assert len(held(place, place.resolve("list"))) == 2
    cli.ok("manifest", "remove", f"{repo}:list", "linux/amd64")
    (kept,) = held(place, place.resolve("list"))
    entries = Index.parse(place.read_manifest(place.resolve("list"))).manifests
    arm = next(
        entry for entry in entries if entry.platform and entry.platform.architecture == "arm64"
    )
    assert kept.subject == arm.digest
    assert len(entries) == 3
    cli.ok("manifest", "create", f"{repo}:new", SOURCE, f"docker://{repo}:list")
    cli.ok("manifest", "push", f"{repo}:new")
    assert len(held(place, place.resolve("new"))) == 2


@pytest.mark.conformance
def test_buildx_writes_them_so_and_docker_reads_ours(
    cli: CommandLine, opened: Open, repo: str, tmp_path: Path
) -> None:
    with serve_engines() as engines:
        build(engines, "--push", f"--tag={repo}:pushed")
        judge(cli, f"docker://{repo}:pushed")
        fresh = LayoutArchive(archive(engines))
        assert _shape(fresh) == _shape(LayoutArchive(HELLO))
        cli.ok("copy", f"docker://{repo}:pushed", f"oci:{tmp_path}/layout:1")
        digest = cli.ok("copy", f"oci:{tmp_path}/layout:1", f"docker://{repo}:copied").strip()
        looked = ("buildx", "imagetools", "inspect")
        seen = engines.docker(*looked, f"{repo}:copied", "--format", "{{json .Provenance}}")
        assert set(json.loads(seen)) == set(PLATFORMS)
        engines.docker("pull", "--platform=linux/arm64", f"{repo}:copied@{digest}")
        run = ("run", "--rm", "--network=none", "--platform=linux/arm64")
        assert engines.docker(*run, f"{repo}:copied@{digest}") == "ok\n"
        image(opened(repo), "s390x", tag="s390x")
        cli.ok("manifest", "add", f"{repo}:copied", f"docker://{repo}:s390x")
        seen = engines.docker(*looked, f"{repo}:copied", "--format", "{{json .Provenance}}")
        assert set(json.loads(seen)) == {*PLATFORMS}
        engines.ok(
            *("skopeo", "copy", "--all", "--src-tls-verify=false"),
            *(f"docker://{repo}:copied", f"oci:{engines.folder}/skopeo:1"),
        )


def _shape(place: LayoutArchive) -> list[tuple[object, ...]]:
    """What is the same for each build: kinds, platforms, annotations' names, numbers of layers."""
    index = Index.parse(place.read_manifest(place.resolve(NAME)))
    return [
        (
            entry.media_type,
            entry.platform,
            sorted(entry.annotations),
            [
                (layer.media_type, sorted(layer.annotations))
                for layer in Manifest.parse(place.read_manifest(entry)).layers
            ],
        )
        for entry in index.manifests
    ]

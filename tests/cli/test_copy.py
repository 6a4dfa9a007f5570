"""`trimaran copy`, `tags`, `delete` and `inspect` between all kinds of places."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from tests.audit.binaries import elf_file
from tests.cli.conftest import CommandLine, Open
from tests.images.conftest import image, put, tar
from tests.support.dockerd import serve_docker
from tests.support.registry import RunningRegistry, serve_registry
from tests.support.users import ordinary_folder

from trimaran import digests, references
from trimaran.errors import ImageError, NotFoundError, RegistryError, UsageError
from trimaran.images.layout import Layout
from trimaran.images.layout_tar import LayoutArchive
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, ImageConfig, Manifest, RootFS, RunConfig, encode
from trimaran.oci.place import Place

pytestmark = pytest.mark.real

TWO = ("linux/amd64", "linux/arm64")


@pytest.fixture
def repo(registry: RunningRegistry, request: pytest.FixtureRequest) -> str:
    return f"{registry.host}/copy/{request.node.name.replace('_', '-')}"


def test_a_round_through_every_place_keeps_the_digest(
    cli: CommandLine, local: StoreImages, repo: str, tmp_path: Path
) -> None:
    made = image(local, *TWO, tag=str(references.parse("whoami:1")))
    places = (
        "store:whoami:1",
        f"{repo}:1",
        f"oci:{tmp_path}/layout:one",
        f"oci-archive:{tmp_path}/archive.tar:two",
        f"docker://{repo}-again:2",
        "store:back:latest",
    )
    for source, target in pairwise(places):
        assert cli.ok("copy", source, target) == f"{made.digest}\n"
        assert made.digest in cli.ok("inspect", target)
    assert cli.ok("copy", "back", "whoami:copy") == f"{made.digest}\n"
    assert local.resolve(str(references.parse("whoami:copy"))) == made
    assert LayoutArchive(tmp_path / "archive.tar").names() == ["two"]
    done = subprocess.run(
        ["skopeo", "inspect", "--raw", f"oci-archive:{tmp_path}/archive.tar:two"],
        capture_output=True,
        check=True,
    )
    assert done.stdout == local.read_manifest(made)


def test_one_platform_for_docker(cli: CommandLine, local: StoreImages, tmp_path: Path) -> None:
    image(local, *TWO, tag=str(references.parse("whoami:1")))
    archive = f"docker-archive:{tmp_path}/docker.tar:whoami:1"
    with pytest.raises(ImageError, match="docker takes one platform's image, whoami:1 has linux/"):
        cli.ok("copy", "whoami:1", archive)
    digest = cli.ok("copy", "--platform", "arm64", "whoami:1", archive).strip()
    shown = json.loads(cli.ok("inspect", "--json", archive))
    assert [each["platform"] for each in shown["platforms"]] == ["linux/arm64"]
    layers = [layer["digest"] for layer in shown["platforms"][0]["layers"]]
    there = json.loads(cli.ok("inspect", "--json", f"store:whoami@{digest}"))
    assert [layer["digest"] for layer in there["platforms"][0]["layers"]] == layers


def test_dockers_daemon(
    cli: CommandLine, local: StoreImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(local, "amd64", tag=str(references.parse("whoami:1")))
    with ordinary_folder() as folder, serve_docker(folder) as dockerd:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/sock")
        cli.ok("copy", "whoami:1", "docker-daemon:loaded:2")
        assert "nothing wrong" in cli.ok("verify", "docker-daemon:loaded:2")
        assert dockerd.inspect("loaded:2")["Architecture"] == "amd64"
        cli.ok("copy", "docker-daemon:loaded:2", "saved:3")
        assert "linux/amd64 runs /bin/true" in cli.ok("inspect", "store:saved:3")
        with pytest.raises(NotFoundError, match="docker has no image none"):
            cli.ok("copy", "docker-daemon:none", "saved:4")


def test_blobs_are_mounted_between_repositories(
    cli: CommandLine, opened: Open, repo: str, registry: RunningRegistry
) -> None:
    made = image(opened(f"{repo}-a"), *TWO, tag="1")
    before = registry.log.read_text().count("PUT /v2/copy/")
    cli.ok("copy", f"docker://{repo}-a:1", f"docker://{repo}-b:1")
    assert opened(f"{repo}-b").resolve("1").digest == made.digest
    log = registry.log.read_text()
    assert log.count("PUT /v2/copy/") - before == 3  # the manifests alone


def test_tags_and_delete(cli: CommandLine, opened: Open, repo: str) -> None:
    made = image(opened(repo), *TWO, tag="1")
    image(opened(repo), "arm64", tag="2")
    assert sorted(cli.ok("tags", repo).split()) == ["1", "2"]
    assert sorted(json.loads(cli.ok("tags", "--json", repo))) == ["1", "2"]
    with pytest.raises(RegistryError, match="deletes no single tag") as caught:
        cli.ok("delete", f"{repo}:1")
    assert made.digest in caught.value.hint
    assert cli.ok("delete", f"{repo}@{made.digest}") == f"deleted {repo}@{made.digest}\n"
    assert cli.ok("tags", repo).split() == ["2"]


def test_a_target_with_a_digest_is_refused(cli: CommandLine, local: StoreImages) -> None:
    made = image(local, "amd64", tag=str(references.parse("whoami:1")))
    for target in (f"store:x@{made.digest}", f"docker://localhost:1/x@{made.digest}"):
        with pytest.raises(UsageError, match="a name with a digest cannot be given"):
            cli.ok("copy", "whoami:1", target)


def test_a_layout_without_a_tag(cli: CommandLine, local: StoreImages, tmp_path: Path) -> None:
    made = image(local, *TWO, tag=str(references.parse("whoami:1")))
    cli.ok("copy", "whoami:1", f"oci:{tmp_path}/new")
    assert Layout(tmp_path / "new").resolve("").digest == made.digest
    cli.ok("copy", "--platform", "arm64", f"oci:{tmp_path}/new", f"oci:{tmp_path}/new:arm")
    assert Layout(tmp_path / "new").names() == ["arm"]


def lying(place: Place, tag: str) -> Descriptor:
    """An image for arm64 that holds a program of amd64."""
    files = tar("bin/true", elf_file("amd64"), mode=0o755)
    layer = gzip.compress(files, mtime=0)
    config = ImageConfig(
        "arm64",
        "linux",
        config=RunConfig(cmd=("/bin/true",)),
        rootfs=RootFS(diff_ids=(digests.of(files),)),
    )
    manifest = Manifest.make(
        put(place, media_types.CONFIG, encode(config)),
        (put(place, media_types.LAYER_GZIP, layer),),
    )
    return place.write_manifest(manifest.raw, media_types.MANIFEST, tag)


def test_what_lies_is_not_copied_to_a_registry(
    cli: CommandLine, local: StoreImages, opened: Open, repo: str, tmp_path: Path
) -> None:
    made = lying(local, str(references.parse("liar:1")))
    with pytest.raises(ImageError, match="liar:1 is not what it says, nothing was pushed"):
        cli.ok("copy", "liar:1", f"{repo}:1")
    with pytest.raises(NotFoundError):
        opened(repo).resolve("1")
    assert cli.ok("copy", "--allow", "/bin/true=shown", "liar:1", f"{repo}:1").strip()
    assert cli.ok("copy", "liar:1", f"oci:{tmp_path}/kept").strip() == made.digest
    assert cli.ok("copy", "--no-verify", "liar:1", f"{repo}:2").strip() == made.digest
    assert "IS NOT VERIFIED" in cli.err


def test_layers_are_audited_on_their_way_between_registries(
    cli: CommandLine, opened: Open, repo: str, registry: RunningRegistry, tmp_path: Path
) -> None:
    lying(opened(repo), "1")
    layer = Manifest.parse(opened(repo).read_manifest(opened(repo).resolve("1"))).layers[0]
    with serve_registry(tmp_path) as other:
        target = f"{other.host}/copied:1"
        with pytest.raises(ImageError, match="its layers were sent, no manifest and no tag"):
            cli.ok("copy", f"docker://{repo}:1", target)
        assert "PUT /v2/copied/manifests" not in other.log.read_text()
        cli.ok("copy", "--allow", "/bin/true=shown", f"docker://{repo}:1", target)
    path = f"{repo.partition('/')[2]}/blobs/{layer.digest}"
    gets = [line for line in registry.log.read_text().splitlines() if path in line]
    assert sum('"GET ' in line for line in gets) == 1, gets


def test_what_cannot_be_audited_is_said(
    cli: CommandLine, opened: Open, repo: str, tmp_path: Path
) -> None:
    """A layer that is no archive is not published, and a scan that failed holds up no copy."""
    junk = random.Random(1).randbytes(3 << 20)  # noqa: S311 - content
    config = encode(ImageConfig("arm64", "linux"))
    source = opened(repo)
    layers = (put(source, media_types.LAYER_GZIP, junk),)
    manifest = Manifest.make(put(source, media_types.CONFIG, config), layers)
    source.write_manifest(manifest.raw, media_types.MANIFEST, "1")
    with serve_registry(tmp_path) as other:
        target = f"{other.host}/junk:1"
        with pytest.raises(ImageError, match="cannot be audited, its layers were sent") as caught:
            cli.ok("copy", f"docker://{repo}:1", target)
        assert "--no-verify" in caught.value.hint
        cli.ok("copy", "--no-verify", f"docker://{repo}:1", target)


def test_layers_that_are_mounted_are_audited_too(cli: CommandLine, opened: Open, repo: str) -> None:
    lying(opened(f"{repo}-a"), "1")
    with pytest.raises(ImageError, match="linux/arm64: /bin/true is for amd64"):
        cli.ok("copy", f"docker://{repo}-a:1", f"docker://{repo}-b:1")
    with pytest.raises(NotFoundError):
        opened(f"{repo}-b").resolve("1")


def test_an_image_that_lies_comes_into_no_list_of_a_registry(
    cli: CommandLine, local: StoreImages, opened: Open, repo: str
) -> None:
    before = image(opened(repo), *TWO, tag="list")
    lying(opened(repo), "far")
    lying(local, str(references.parse("near:1")))
    for name in ("near:1", f"docker://{repo}:far"):
        for words in (("add",), ("set", "--platform", "arm64")):
            with pytest.raises(ImageError, match="/bin/true is for amd64"):
                cli.ok("manifest", *words, f"docker://{repo}:list", name)
    assert opened(repo).resolve("list").digest == before.digest
    # In the local store nothing is published by it; the push refuses.
    cli.ok("manifest", "create", f"{repo}:made", "near:1")
    with pytest.raises(ImageError, match="/bin/true is for amd64"):
        cli.ok("manifest", "push", f"{repo}:made")
    cli.ok("manifest", "add", "--no-verify", f"docker://{repo}:list", "near:1")
    assert "IS NOT VERIFIED" in cli.err


def test_verify_reads_every_place(
    cli: CommandLine, local: StoreImages, opened: Open, repo: str, tmp_path: Path
) -> None:
    lying(local, str(references.parse("liar:1")))
    lying(opened(repo), "1")
    named = (
        f"oci:{tmp_path}/a:x",
        f"oci-archive:{tmp_path}/b.tar:x",
        f"docker-archive:{tmp_path}/c",
    )
    for target in named:
        cli.ok("copy", "liar:1", target)
    for name in ("liar:1", "store:liar:1", f"docker://{repo}:1", f"{repo}:1", *named):
        with pytest.raises(SystemExit):
            cli.ok("verify", "--platform", "arm64", name)
    image(local, *TWO, tag=str(references.parse("honest:1")))
    cli.ok("copy", "honest:1", f"oci:{tmp_path}/a:y")
    assert cli.ok("verify", f"oci:{tmp_path}/a:y").count("nothing wrong") == 2

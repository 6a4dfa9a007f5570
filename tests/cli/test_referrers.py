"""`trimaran referrers` and `copy --referrers`, between all places that can hold referrers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from tests.cli.conftest import CommandLine, Open
from tests.images.conftest import image, put
from tests.support.referrers_front import referrers_front
from tests.support.registry import RunningRegistry

from trimaran import references
from trimaran.errors import UsageError
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.images.referring import Referable
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index
from trimaran.oci.place import Place
from trimaran.registry.client import Client
from trimaran.registry.repository import Repository

pytestmark = pytest.mark.real

SIGNATURE = "application/example.signature"
SBOM = "application/example.sbom"
TWO = ("linux/amd64", "linux/arm64")


@pytest.fixture
def repo(registry: RunningRegistry, request: pytest.FixtureRequest) -> str:
    return f"{registry.host}/referrers/{request.node.name.replace('_', '-')}"


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.close()


def artifact(place: Place, subject: Descriptor, text: bytes, kind: str = SIGNATURE) -> Descriptor:
    fields = {
        "schemaVersion": 2,
        "mediaType": media_types.MANIFEST,
        "artifactType": kind,
        "config": msgspec.to_builtins(put(place, "application/vnd.oci.empty.v1+json", b"{}")),
        "layers": [msgspec.to_builtins(put(place, "text/plain", text))],
        "subject": msgspec.to_builtins(
            Descriptor(subject.media_type, subject.digest, subject.size)
        ),
        "annotations": {"says": text.decode()},
    }
    return place.write_manifest(msgspec.json.encode(fields), media_types.MANIFEST)


def refer(place: Referable, subject: Descriptor, text: bytes, kind: str = SIGNATURE) -> Descriptor:
    made = artifact(place, subject, text, kind)
    described = msgspec.structs.replace(
        made, artifact_type=kind, annotations={"says": text.decode()}
    )
    place.list_referrer(subject.digest, described)
    place.list_referrer(subject.digest, described)  # again changes nothing
    return made


def signed(place: Referable, tag: str) -> dict[str, str]:
    """An image with a signature, one of that, and an SBOM of one platform; subjects by digest."""
    made = image(place, *TWO, tag=tag)
    arm = Index.parse(place.read_manifest(made)).manifests[1]
    first = refer(place, made, b"good")
    second = refer(place, first, b"about that")
    sbom = refer(place, arm, b"parts", SBOM)
    return {first.digest: made.digest, second.digest: first.digest, sbom.digest: arm.digest}


def listed(cli: CommandLine, *words: str) -> dict[str, str]:
    rows = json.loads(cli.ok("referrers", "--json", *words))
    assert all(row["annotations"].keys() == {"says"} for row in rows)
    return {row["digest"]: row["subject"] for row in rows}


def test_what_refers_to_an_image_goes_with_it_from_place_to_place(
    cli: CommandLine, opened: Open, repo: str, registry: RunningRegistry, tmp_path: Path
) -> None:
    wanted = signed(opened(f"{repo}-a"), "1")
    with referrers_front(registry) as front:
        places = (
            f"docker://{repo}-a:1",
            f"oci:{tmp_path}/layout:one",
            f"oci-archive:{tmp_path}/archive.tar:two",
            "store:signed:3",
            f"oci:{tmp_path}/unnamed",
            f"docker://{front.host}/{repo.partition('/')[2]}-b:4",
            f"docker://{repo}-c:5",
        )
        digests = set()
        for source, target in pairwise(places):
            digests.add(cli.ok("copy", "--referrers", source, target))
            assert listed(cli, target) == wanted
        assert len(digests) == 1
    assert sorted(opened(f"{repo}-b").tags()) == ["4"]  # where the API is, no list is written
    assert Layout(tmp_path / "layout").names() == ["one"]
    words = ["skopeo", "copy", "--all", f"oci:{tmp_path}/layout:one", f"oci:{tmp_path}/other"]
    subprocess.run(words, check=True, capture_output=True)


def test_the_table_and_the_choice(cli: CommandLine, opened: Open, repo: str) -> None:
    place = opened(repo)
    wanted = signed(place, "1")
    first, second, sbom = wanted
    image(place, "riscv64", tag="bare")
    table = cli.ok("referrers", f"{repo}:1").splitlines()
    assert table[0].split() == ["REFERS", "TO", "TYPE", "DIGEST", "SIZE"]
    assert [line.split()[:3] for line in table[1:4]] == [
        ["index", SIGNATURE, first],
        [first, SIGNATURE, second],
        ["linux/arm64", SBOM, sbom],
    ]
    assert table[4:] == [
        f"{first} says: good",
        f"{second} says: about that",
        f"{sbom} says: parts",
    ]
    assert set(listed(cli, "--platform", "arm64", f"{repo}:1")) == {sbom}
    assert set(listed(cli, "--artifact-type", SBOM, f"{repo}:1")) == {sbom}
    assert listed(cli, "--platform", "amd64", f"{repo}:1") == {}
    assert cli.ok("referrers", f"{repo}:bare") == "nothing refers to it\n"


@pytest.mark.parametrize("filters", [True, False])
def test_the_api_with_pages_and_filters(
    client: Client, registry: RunningRegistry, filters: bool
) -> None:
    with referrers_front(registry, page_size=2, filters=filters) as front:
        place = Repository(front.host, f"referrers/api-{filters}".lower(), client)
        made = image(place, "amd64", tag="1")
        signatures = {refer(place, made, b"%d" % number).digest for number in range(5)}
        sboms = {refer(place, made, b"%d" % number, SBOM).digest for number in range(3)}
        front.asked.clear()
        assert {each.digest for each in place.referrers(made.digest)} == signatures | sboms
        assert len(front.asked) == 4
        front.asked.clear()
        assert {each.digest for each in place.referrers(made.digest, SBOM)} == sboms
        assert len(front.asked) == (2 if filters else 4)
        assert all("artifactType=application%2Fexample.sbom" in each for each in front.asked)
        assert place.referrers(f"sha256:{'0' * 64}") == ()
        assert place.tags() == ["1"]


def test_the_store_keeps_what_refers_to_an_image_as_long_as_the_image(
    cli: CommandLine, local: StoreImages
) -> None:
    wanted = signed(local, str(references.parse("signed:1")))
    cli.ok("tag", "signed:1", "again:1")
    cli.ok("rmi", "signed:1")
    assert listed(cli, "again:1") == wanted
    made = local.resolve(str(references.parse("again:1")))
    cli.ok("rmi", "again:1")
    assert local.referrers(made.digest) == ()
    assert not any(local.has_blob(Descriptor("", digest, 0)) for digest in wanted)


def test_a_layouts_entries_without_a_list(cli: CommandLine, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    made = image(layout, "amd64")
    layout.put_entry(made)
    found = artifact(layout, made, b"plain entry")
    layout.put_entry(msgspec.structs.replace(found, artifact_type=SIGNATURE))
    assert listed(cli, f"oci:{tmp_path}/layout") == {found.digest: made.digest}


def test_dockers_formats_hold_none(cli: CommandLine, local: StoreImages, tmp_path: Path) -> None:
    image(local, "amd64", tag=str(references.parse("app:1")))
    archive = f"docker-archive:{tmp_path}/docker.tar:app:1"
    with pytest.raises(UsageError, match="hold nothing that refers to an image"):
        cli.ok("copy", "--referrers", "app:1", archive)
    assert not (tmp_path / "docker.tar").exists()
    cli.ok("copy", "app:1", archive)
    for words in (("referrers", archive), ("copy", "--referrers", archive, f"oci:{tmp_path}/new")):
        with pytest.raises(UsageError, match="hold nothing that refers to an image"):
            cli.ok(*words)
    assert not (tmp_path / "new").exists()

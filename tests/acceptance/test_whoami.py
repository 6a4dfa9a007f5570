"""The whole way, as an ordinary user: four platforms at once, pulled by Docker and skopeo."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.dockerd import Dockerd
from tests.support.registry import RunningRegistry
from tests.support.workshop import FOUR, Workshop, workshop

pytestmark = pytest.mark.real

EXAMPLE = Path(__file__).parents[2] / "examples" / "whoami"
BASE = "busybox:made-here"
PLATFORMS = FOUR.split(",")
MACHINES = {
    "linux/amd64": "x86_64",
    "linux/arm64": "aarch64",
    "linux/arm/v7": "armv7l",
    "linux/s390x": "s390x",
}
# EI_CLASS, EI_DATA and e_machine of elf(5) and the processors' supplements.
ELF = {
    "linux/amd64": (2, 1, 62),
    "linux/arm64": (2, 1, 183),
    "linux/arm/v7": (1, 1, 40),
    "linux/s390x": (2, 2, 22),
}


@dataclass(frozen=True)
class Published:
    """The example, built and pushed: `name` is its reference, `index` what the registry serves."""

    shop: Workshop
    name: str
    digest: str
    index: Mapping[str, Any]

    def manifest(self, platform: str) -> dict[str, Any]:
        entries = [it for it in self.index["manifests"] if platform_of(it["platform"]) == platform]
        (entry,) = entries
        raw = skopeo_raw(f"{self.name}@{entry['digest']}")
        assert len(raw) == entry["size"]
        assert sha256(raw) == entry["digest"]
        found: dict[str, Any] = json.loads(raw)
        return found

    def config(self, platform: str) -> dict[str, Any]:
        text = self.shop.ok("inspect", "--config", "--platform", platform, self.name).stdout
        assert sha256(text.encode()) == self.manifest(platform)["config"]["digest"]
        found: dict[str, Any] = json.loads(text)
        return found


@pytest.fixture(scope="module")
def published(registry: RunningRegistry) -> Iterator[Published]:
    with workshop() as shop:
        shop.ok("base", "busybox", "-t", BASE, "--platform", FOUR)
        context = shutil.copytree(EXAMPLE, shop.folder / "whoami")
        name = f"{registry.host}/acceptance/whoami"
        words = ("--platform", FOUR, "--label", "org.example.team=ünïcode", "-t", f"{name}:latest")
        done = shop.ok("build", "-q", "--build-arg", f"BASE={BASE}", *words, "--push", context)
        digest = done.stdout.strip()
        yield Published(shop, name, digest, json.loads(skopeo_raw(name)))


def test_skopeo_sees_the_index_that_was_built(published: Published) -> None:
    raw = skopeo_raw(published.name)
    assert sha256(raw) == published.digest
    assert [platform_of(it["platform"]) for it in published.index["manifests"]] == PLATFORMS


@pytest.mark.parametrize("platform", PLATFORMS)
def test_skopeo_agrees_with_the_config(published: Published, platform: str) -> None:
    config = published.config(platform)
    found = json.loads(skopeo("inspect", *skopeo_flags(platform), f"docker://{published.name}"))
    layers = published.manifest(platform)["layers"]
    assert found["Architecture"] == config["architecture"]
    assert found["Os"] == config["os"]
    assert moment(found["Created"]) == moment(config["created"])
    assert found["Env"] == config["config"]["Env"]
    assert found["Labels"] == {"org.example.team": "ünïcode"}
    assert found["Layers"] == [layer["digest"] for layer in layers]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_docker_pulls_what_was_built(published: Published, dockerd: Dockerd, platform: str) -> None:
    said = dockerd.docker("pull", "--platform", platform, published.name)
    assert f"Digest: {published.digest}" in said.splitlines()
    found = dockerd.inspect(published.name)
    manifest, config = published.manifest(platform), published.config(platform)
    assert found["Id"] == manifest["config"]["digest"]
    assert "/".join(filter(None, (found["Os"], found["Architecture"], found.get("Variant")))) in (
        platform,
        f"{platform}/v8",
    )
    assert found["RootFS"]["Layers"] == config["rootfs"]["diff_ids"]
    for field, value in config["config"].items():
        assert found["Config"][field] == value
    assert found["Config"]["Cmd"] == ["serve"]
    assert found["Config"]["User"] == "65534:65534"
    assert found["Size"] == sum(unpacked_size(published.shop, it) for it in manifest["layers"])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_platform_runs_and_says_what_it_is(published: Published, platform: str) -> None:
    words = ("run", "--platform", platform, published.name)
    script = "uname -m; cat /etc/whoami/machine /etc/whoami/platform; id -u; pwd"
    lines = published.shop.ok(*words, "sh", "-c", script).stdout.splitlines()
    assert lines == [MACHINES[platform], MACHINES[platform], platform, "65534", "/www"]


def test_each_root_holds_its_own_machine_and_the_page_of_the_builder(published: Published) -> None:
    folder = published.shop.folder
    tar = folder / "roots.tar"
    output = f"type=tar,dest={tar}"
    words = ("--build-arg", f"BASE={BASE}", "--platform", FOUR, "-o", output)
    published.shop.ok("build", *words, folder / "whoami")
    with tarfile.open(tar) as roots:
        for platform in PLATFORMS:
            prefix = platform.replace("/", "_")
            assert read(roots, f"{prefix}/etc/whoami/machine") == f"{MACHINES[platform]}\n".encode()
            assert b"@BUILDER@" not in read(roots, f"{prefix}/www/index.html")
            assert b"x86_64" in read(roots, f"{prefix}/www/index.html")
            header = read(roots, f"{prefix}/bin/busybox")[:20]
            assert elf_facts(header) == ELF[platform]
            assert roots.getmember(f"{prefix}/etc/whoami/machine").uid == 0


def test_another_store_pulls_one_platform_by_the_same_name(published: Published) -> None:
    node = published.shop.with_store("node")
    pulled = node.ok("pull", "--platform", "linux/s390x", published.name).stdout.strip()
    (image,) = json.loads(node.ok("images", "--json").stdout)
    assert image["platform"] == "linux/s390x"
    assert pulled
    words = ("run", "--platform", "linux/s390x", published.name, "uname", "-m")
    assert node.ok(*words).stdout == "s390x\n"
    assert node.damaged_blobs() == []


def elf_facts(header: bytes) -> tuple[int, int, int]:
    assert header[:4] == b"\x7fELF"
    order = "<" if header[5] == 1 else ">"
    (machine,) = struct.unpack_from(f"{order}H", header, 18)
    return header[4], header[5], machine


def read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


def unpacked_size(shop: Workshop, layer: Mapping[str, Any]) -> int:
    """What Docker counts of a layer: the bytes of its files."""
    blob = shop.store_path / "blobs" / layer["digest"].replace(":", "/")
    assert blob.stat().st_size == layer["size"]
    with tarfile.open(blob) as tar:
        return sum(member.size for member in tar if member.isreg())


def platform_of(entry: Mapping[str, str]) -> str:
    parts = (entry["os"], entry["architecture"], entry.get("variant"))
    return "/".join(part for part in parts if part)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)  # skopeo leaves out zeros at the end of a fraction


def sha256(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def skopeo_flags(platform: str) -> list[str]:
    _, architecture, variant = (*platform.split("/"), "")[:3]
    return ["--override-arch", architecture, "--override-variant", variant]


def skopeo(action: str, *words: str) -> bytes:
    flags = words[:-1] if action == "inspect" else ()
    argv = ["skopeo", *flags, action, "--tls-verify=false", words[-1]]
    return subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout


def skopeo_raw(name: str) -> bytes:
    argv = ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}"]
    return subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout

"""Where results go: archives, folders, files with ids, names; and what other programs read."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.dockerd import Dockerd
from tests.support.registry import RunningRegistry
from tests.support.workshop import Workshop, workshop

pytestmark = pytest.mark.real

TWO = "linux/amd64,linux/arm64"
DOCKERFILE = """\
FROM busybox
RUN uname -m > /machine && adduser() { :; } && chmod 4755 /bin/busybox
COPY --chown=1000:1200 --chmod=0640 text /owned
ENV GREETING=hello
LABEL org.example.a=1
EXPOSE 80/tcp
CMD ["cat", "/machine"]
"""


@pytest.fixture(scope="module")
def made(busybox_base: str) -> Iterator[Workshop]:
    with workshop(busybox_base) as shop:
        shop.context(DOCKERFILE)
        shop.write("context/text", "text")
        yield shop


def skopeo(*words: str) -> dict[str, Any]:
    argv = ["skopeo", "inspect", *words]
    done = subprocess.run(argv, check=True, capture_output=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_skopeo_reads_an_oci_archive_and_a_layout_of_it(made: Workshop) -> None:
    tar, folder = made.folder / "out.tar", made.folder / "layout"
    outputs = ("-o", f"type=oci,dest={tar}", "-o", f"type=oci,dest={folder},tar=false")
    digest = made.digest("--platform", TWO, "-t", "app:1", *outputs, "context")
    assert "app" not in made.ok("images").stdout
    for name in (f"oci-archive:{tar}:1", f"oci:{folder}:1"):
        raw = skopeo("--raw", name)
        architectures = [entry["platform"]["architecture"] for entry in raw["manifests"]]
        assert architectures == ["amd64", "arm64"]
        found = skopeo("--override-arch", "arm64", name)
        assert found["Architecture"] == "arm64"
        assert found["Labels"] == {"org.example.a": "1"}
        assert "GREETING=hello" in found["Env"]
    assert (folder / "blobs" / digest.replace(":", "/")).exists()
    for blob in folder.glob("blobs/sha256/*"):
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name


def test_docker_loads_a_docker_archive(made: Workshop, dockerd: Dockerd) -> None:
    tar = made.folder / "docker.tar"
    output = f"type=docker,dest={tar}"
    digest = made.digest("--platform", "linux/arm64", "-t", "loaded:1", "-o", output, "context")
    assert "Loaded image: loaded:1" in dockerd.docker("load", "--input", tar)
    found = dockerd.inspect("loaded:1")
    assert found["Id"] == digest  # of a single image, -q prints the config's digest, as buildx does
    assert found["Architecture"] == "arm64"
    assert found["Config"]["Cmd"] == ["cat", "/machine"]
    assert found["Config"]["ExposedPorts"] == {"80/tcp": {}}


def test_a_local_output_is_a_folder_per_platform(made: Workshop) -> None:
    one, two = made.folder / "one", made.folder / "two"
    made.build("-o", f"type=local,dest={one}", "--platform", "linux/arm64", "context")
    assert (one / "machine").read_text() == "aarch64\n"
    made.build("--output", str(two), "--platform", TWO, "context")
    assert (two / "linux_amd64" / "machine").read_text() == "x86_64\n"
    assert (two / "linux_arm64" / "machine").read_text() == "aarch64\n"
    assert (two / "linux_arm64" / "bin" / "sh").is_symlink()


def test_a_tar_output_keeps_owners_and_modes(made: Workshop) -> None:
    tar = made.folder / "root.tar"
    made.build("-o", f"type=tar,dest={tar}", "context")
    with tarfile.open(tar) as root:
        owned, busybox = root.getmember("owned"), root.getmember("bin/busybox")
        assert (owned.uid, owned.gid, owned.mode) == (1000, 1200, 0o640)
        assert busybox.mode == 0o4755
        assert (busybox.uid, busybox.gid) == (0, 0)


def test_a_tar_goes_to_standard_output(made: Workshop) -> None:
    script = '"$@" > stdout.tar'
    from_shell = ["sh", "-c", script, "sh"]
    done = made.run_by(from_shell, *made.build_words("-o", "-", "context"))
    assert done.returncode == 0, done.stderr
    with tarfile.open(made.folder / "stdout.tar") as root:
        assert "machine" in root.getnames()


def test_ids_and_metadata_are_written(made: Workshop) -> None:
    files = ("--iidfile", "iid", "--metadata-file", "meta.json")
    said = made.build("-q", *files, "-t", "meta:1", "-t", "meta:2", "context")
    iid = (made.folder / "iid").read_text()
    facts = json.loads((made.folder / "meta.json").read_text())
    assert said.stdout == f"{iid}\n"
    assert said.stderr == ""
    assert facts["containerimage.config.digest"] == iid
    assert facts["containerimage.descriptor"]["digest"] == facts["containerimage.digest"]
    assert facts["image.name"] == "docker.io/library/meta:1,docker.io/library/meta:2"
    listed = json.loads(made.ok("inspect", "--json", "meta:2").stdout)
    assert listed["digest"] == facts["containerimage.digest"]
    made.build("-q", "--iidfile", "iid", "--platform", TWO, "-t", "meta:1", "context")
    many = json.loads(made.ok("inspect", "--json", "meta:1").stdout)
    assert (made.folder / "iid").read_text() == many["digest"]


def test_two_names_are_pushed_and_removed_one_by_one(
    made: Workshop, registry: RunningRegistry
) -> None:
    names = [f"{registry.host}/outputs/{name}" for name in ("one:1", "two:2")]
    tags = [word for name in names for word in ("-t", name)]
    digest = made.digest("--platform", TWO, *tags, "--push", "context")
    for name in names:
        raw = skopeo("--raw", "--tls-verify=false", f"docker://{name}")
        assert [entry["platform"]["architecture"] for entry in raw["manifests"]] == [
            *("amd64", "arm64")
        ]
    assert registry.unfinished_uploads("outputs/one") == []
    again = made.events("--platform", TWO, *tags, "--push", "context")
    sent = {event["transfer"] for event in again if event.get("verb") == "push"}
    skipped = {event["transfer"] for event in again if event.get("skipped") is True}
    assert sent <= skipped
    for name in names:
        assert made.ok("pull", name).stdout == f"{digest}\n"
    made.ok("rmi", names[0])
    assert [name in made.ok("images").stdout for name in names] == [False, True]
    assert made.ok("run", names[1]).stdout == "x86_64\n"
    assert made.ok("push", names[1]).stdout == f"{digest}\n"


def test_layers_are_compressed_as_asked(made: Workshop) -> None:
    for compression, media_type in (
        ("zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
        ("uncompressed", "application/vnd.oci.image.layer.v1.tar"),
    ):
        folder = made.folder / compression
        output = f"type=oci,dest={folder},tar=false,compression={compression}"
        made.build("-t", "app", "-o", output, "context")
        raw = skopeo("--raw", f"oci:{folder}:latest")
        assert raw["layers"][-1]["mediaType"] == media_type
        base = ("--build-context", f"packed=oci-layout://{folder}:latest")
        context = made.context("FROM packed\nRUN grep -q x86_64 /machine\n", "packed")
        made.build("--no-cache", *base, context)

"""The attributes of -o and --annotation, each as other programs see its result."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.dockerd import Dockerd
from tests.support.registry import RunningRegistry
from tests.support.workshop import EPOCH, Workshop, workshop

pytestmark = pytest.mark.real

TWO = "linux/amd64,linux/arm64"
OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
DOCKERFILE = """\
FROM busybox
RUN uname -m > /machine
COPY text /text
"""


@pytest.fixture(scope="module")
def made(busybox_base: str) -> Iterator[Workshop]:
    with workshop(busybox_base) as shop:
        shop.context(DOCKERFILE)
        shop.write("context/text", "text" * 2000)
        yield shop


def skopeo(*words: str) -> dict[str, Any]:
    argv = ["skopeo", "inspect", "--tls-verify=false", *words]
    done = subprocess.run(argv, check=True, capture_output=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def blob(layout: Path, digest: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (layout / "blobs" / digest.replace(":", "/")).read_text("utf-8")
    )
    return found


def layers(manifest: dict[str, Any]) -> list[str]:
    return [layer["mediaType"] for layer in manifest["layers"]]


def test_each_output_is_written_in_its_own_way(made: Workshop, registry: RunningRegistry) -> None:
    zstd, plain = made.folder / "zstd", made.folder / "plain"
    name = f"{registry.host}/attributes/docker:1"
    forced = "force-compression=true"
    made.build(
        *("-o", f"type=oci,tar=false,dest={zstd},compression=zstd,compression-level=19,{forced}"),
        *("-o", f"type=oci,tar=false,dest={plain},compression=uncompressed"),
        *("-o", f"type=image,name={name},push=true,oci-mediatypes=false,compression-level=9"),
        "context",
    )
    assert layers(skopeo("--raw", f"oci:{zstd}")) == [f"{OCI}layer.v1.tar+zstd"] * 3
    written = layers(skopeo("--raw", f"oci:{plain}"))
    assert written == [f"{OCI}layer.v1.tar+gzip", *[f"{OCI}layer.v1.tar"] * 2]  # the base's stays
    pushed = skopeo("--raw", f"docker://{name}")
    assert pushed["mediaType"] == f"{DOCKER}distribution.manifest.v2+json"
    assert pushed["config"]["mediaType"] == f"{DOCKER}container.image.v1+json"
    assert layers(pushed) == [f"{DOCKER}image.rootfs.diff.tar.gzip"] * 3
    configs = [skopeo("--config", f"oci:{zstd}"), skopeo("--config", f"docker://{name}")]
    assert configs[0] == configs[1] == skopeo("--config", f"oci:{plain}")
    assert made.ok("verify", f"oci:{zstd}").returncode == 0
    target = f"{made.folder}/unpacked"
    subprocess.run(["skopeo", "copy", f"oci:{zstd}", f"dir:{target}"], check=True, timeout=60)
    assert made.build("-o", f"type=oci,dest={plain}2,{forced}", "context").returncode == 0
    again = made.events("-o", f"type=oci,dest={zstd}2,compression=zstd,{forced}", "context")
    assert not [event for event in again if event["event"] == "step-started"]


def test_a_zstd_base_has_no_type_in_dockers_schema(made: Workshop) -> None:
    base = made.folder / "zbase"
    output = f"type=oci,tar=false,dest={base},compression=zstd"
    made.build("-t", "zbase", "-o", output, "context")
    made.write("on/Dockerfile", "FROM zbase\nRUN echo ran > /ran\n")
    words = ("--build-context", f"zbase=oci-layout://{base}:latest", "on")
    refused = made.run(
        *made.build_words("-o", "type=docker,dest=x.tar,oci-mediatypes=false", *words)
    )
    assert refused.returncode == 1
    said = refused.stderr
    assert "RUN echo ran" not in said  # before any step
    assert "Docker's schema 2 has no layers of type" in said
    assert "force-compression=true" in said
    made.build("-o", "type=oci,dest=x.tar,oci-mediatypes=false,force-compression=true", *words)


def test_annotations_are_where_they_were_asked_for(made: Workshop) -> None:
    layout = made.folder / "annotated"
    given = (
        *("all=1", "manifest[linux/arm64]:all=arm", "index,manifest-descriptor:both=2"),
        *("index-descriptor:top=3", "manifest-descriptor[linux/amd64]:intel=yes"),
    )
    flags = [word for text in given for word in ("--annotation", text)]
    output = f"type=oci,tar=false,dest={layout},annotation.own=4"
    metadata = ("--metadata-file", "meta.json")
    made.build("--platform", TWO, *flags, *metadata, "-t", "noted:1", "-o", output, "context")
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert entry["annotations"]["top"] == "3"
    assert entry["annotations"]["org.opencontainers.image.ref.name"] == "1"
    facts = json.loads((made.folder / "meta.json").read_text())
    assert facts["containerimage.descriptor"]["annotations"] == {"top": "3"}
    index = blob(layout, entry["digest"])
    assert index["annotations"] == {"both": "2"}
    intel, arm = index["manifests"]
    assert intel["annotations"] == {"both": "2", "intel": "yes"}
    assert arm["annotations"] == {"both": "2"}
    assert blob(layout, intel["digest"])["annotations"] == {"all": "1", "own": "4"}
    assert blob(layout, arm["digest"])["annotations"] == {"all": "arm", "own": "4"}
    said = made.refused("--annotation", "index:a=b", "context", status=2)
    assert "one platform's image is no index" in said
    wrong = ("--annotation", "manifest[linux/s390x]:a=b", "--platform", TWO)
    assert "linux/s390x is not built" in made.refused(*wrong, "context", status=2)


def test_a_push_by_digest_moves_no_tag(made: Workshop, registry: RunningRegistry) -> None:
    name = f"{registry.host}/attributes/digest"
    output = f"type=image,name={name},push-by-digest=true,push=true"
    made.build("-o", output, "--metadata-file", "digest.json", "context")
    facts = json.loads((made.folder / "digest.json").read_text())
    digest = facts["containerimage.digest"]
    assert facts["image.name"].startswith(name)
    assert skopeo("--raw", f"docker://{name}@{digest}")["schemaVersion"] == 2
    assert [path.name for path in registry.storage.glob("**/attributes/digest/_manifests/*")] == [
        "revisions"
    ]


def test_an_image_is_loaded_into_dockers_daemon(made: Workshop, dockerd: Dockerd) -> None:
    host = {"DOCKER_HOST": f"unix://{dockerd.folder}/sock"}
    made.build("--load", "--platform", "linux/arm64", "-t", "arm:1", "context", environment=host)
    assert dockerd.inspect("arm:1")["Architecture"] == "arm64"
    said = made.refused("--load", "--platform", TWO, "context", status=2, environment=host)
    assert "docker's classic store" in said
    gone = {"DOCKER_HOST": f"unix://{made.folder}/nobody"}
    made.write("fails/Dockerfile", "FROM busybox\nRUN false\n")
    said = made.refused("--load", "fails", environment=gone)  # said before any step
    assert "nobody" in said
    assert "-o type=docker,dest=FILE" in said


def test_times_of_files_are_clamped_unless_told_otherwise(made: Workshop) -> None:
    epoch = {"SOURCE_DATE_EPOCH": EPOCH}
    made.build(
        *(
            "-o",
            "type=tar,dest=clamped.tar",
            "-o",
            "type=tar,dest=kept.tar,rewrite-timestamp=false",
        ),
        *("-o", "type=oci,tar=false,dest=clamped", "context"),
        *("-o", "type=oci,tar=false,dest=kept,rewrite-timestamp=false"),
        environment=epoch,
    )
    times = {}
    for name in ("clamped", "kept"):
        with tarfile.open(made.folder / f"{name}.tar") as tar:
            times[name] = tar.getmember("machine").mtime
        config = skopeo("--config", f"oci:{made.folder}/{name}")
        assert config["created"] == "2023-11-14T22:13:20Z"
    assert times["clamped"] == int(EPOCH) < times["kept"]
    kept, clamped = (layers_of(made.folder / name) for name in ("kept", "clamped"))
    assert kept[0] == clamped[0]  # the base's
    assert kept[1] != clamped[1]


def layers_of(layout: Path) -> list[str]:
    return [layer["digest"] for layer in skopeo("--raw", f"oci:{layout}")["layers"]]


def test_platforms_may_share_a_folder_if_they_share_no_file(made: Workshop) -> None:
    made.write("split/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY text /$TARGETARCH/text\n")
    made.write("split/text", "x")
    joined = "type=local,dest=joined,platform-split=false"
    made.build("--platform", TWO, "-o", joined, "split")
    found = {str(path.relative_to(made.folder)) for path in made.folder.glob("joined/*/*")}
    assert found == {"joined/amd64/text", "joined/arm64/text"}
    made.build("-o", "type=local,dest=one,platform-split=true", "split")
    assert (made.folder / "one/linux_amd64/amd64/text").exists()
    said = made.refused("--platform", TWO, "-o", f"{joined}", "context")
    assert "in the images of linux/amd64 and of linux/arm64" in said
    tar = "type=tar,dest=joined.tar,platform-split=false"
    assert "several platforms" in made.refused("--platform", TWO, "-o", tar, "split", status=2)


def test_cacheonly_builds_and_writes_nothing(made: Workshop) -> None:
    made.write("only/Dockerfile", "FROM busybox\nRUN echo once > /once\n")
    done = made.build("-q", "-t", "only:1", "-o", "type=cacheonly", "only")
    assert done.stdout == ""
    assert "only" not in made.ok("images").stdout
    events = made.events("-t", "only:1", "-o", "type=image", "only")
    assert not [event for event in events if event["event"] == "step-started"]
    assert "only" in made.ok("images").stdout

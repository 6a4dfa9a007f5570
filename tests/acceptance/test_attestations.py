"""What is stated of images: provenance and SBOMs, as other programs see them."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_output_attributes import blob, skopeo
from tests.support.attested import HELLO
from tests.support.dockerd import Dockerd
from tests.support.engines import serve_engines
from tests.support.git_server import Repository
from tests.support.registry import RunningRegistry
from tests.support.web_server import Site, serve_site
from tests.support.workshop import EPOCH, Workshop, workshop

from trimaran import digests
from trimaran.layers.decompression import decompressed

pytestmark = pytest.mark.real

TWO = "linux/amd64,linux/arm64"
SECRET = "quiet-5d11e0"  # noqa: S105 - what must not be found
PASSWORD = "pass-9a01"  # noqa: S105
EPOCH_SET = {"SOURCE_DATE_EPOCH": EPOCH}
DOCKERFILE = """\
FROM busybox AS tools
ARG NAME
RUN --mount=type=secret,id=key,env=KEY --mount=type=secret,id=other \\
    echo "$NAME" > /name

FROM busybox
ADD SITE/file /file
RUN --network=none uname -m > /machine
COPY --from=tools /name /name
"""
SCANNER = """\
#!/bin/sh
set -e
ls -A "$BUILDKIT_SCAN_SOURCE" > "$SEEN"
touch "$BUILDKIT_SCAN_SOURCE/x" 2>/dev/null && exit 7
[ "$BUILDKIT_SCAN_SELECT" = all ]
machine=$(cat "$BUILDKIT_SCAN_SOURCE/machine")
echo '{"spdxVersion":"SPDX-2.3","name":"'$machine'"}' \\
    > "$BUILDKIT_SCAN_DESTINATION/$(basename "$BUILDKIT_SCAN_SOURCE").spdx.json"
[ -n "$BUILDKIT_SCAN_SOURCE_EXTRAS" ] || exit 0
for root in "$BUILDKIT_SCAN_SOURCE_EXTRAS"/*; do
    echo '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document",
        "subject":[],"predicate":{"spdxVersion":"SPDX-2.3","name":"'$(cat "$root/name")'"}}' \\
        > "$BUILDKIT_SCAN_DESTINATION/$(basename "$root").spdx.json"
done
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve_site(Site(tmp_path_factory.mktemp("site"))) as served:
        served.files["/file"] = b"from the web"
        yield served


@pytest.fixture(scope="module")
def made(busybox_base: str, site: Site) -> Iterator[Workshop]:
    with workshop(busybox_base) as shop:
        shop.context(DOCKERFILE.replace("SITE", site.url))
        shop.write("key", SECRET)
        shop.write("scan", SCANNER, 0o755)
        yield shop


def words(*flags: str) -> tuple[str, ...]:
    return ("--secret", "id=key,src=key", "--build-arg", "NAME=Ada", *flags, "context")


def statements(layout: Path) -> dict[str, list[dict[str, Any]]]:
    """The statements of an image by its platform; their manifests are looked at on the way."""
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    entries = blob(layout, entry["digest"])["manifests"]
    names = {each["digest"]: "/".join(each["platform"].values()) for each in entries}
    found: dict[str, list[dict[str, Any]]] = {}
    for each in entries:
        annotations = each.get("annotations", {})
        if annotations.get("vnd.docker.reference.type") != "attestation-manifest":
            continue
        assert each["platform"] == {"architecture": "unknown", "os": "unknown"}
        about = annotations["vnd.docker.reference.digest"]
        manifest = blob(layout, each["digest"])
        config = blob(layout, manifest["config"]["digest"])
        assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
        held = [blob(layout, layer["digest"]) for layer in manifest["layers"]]
        kinds = [layer["annotations"]["in-toto.io/predicate-type"] for layer in manifest["layers"]]
        assert kinds == [statement["predicateType"] for statement in held]
        for statement in held:
            (subject,) = statement["subject"]
            assert f"sha256:{subject['digest']['sha256']}" == about
        found[names[about].replace("amd64/linux", "amd64").replace("arm64/linux", "arm64")] = held
    return found


def contains(folder: Path, word: str) -> list[str]:
    """The blobs of a layout or store that hold a word, compressed or not."""
    hits = []
    for path in folder.glob("blobs/sha256/*"):
        raw = path.read_bytes()
        content = b"".join(decompressed(iter([raw]), path.name)) if raw[:2] == b"\x1f\x8b" else raw
        hits += [path.name] if word.encode() in content else []
    return hits


def test_provenance_says_what_an_image_was_made_of_and_how(made: Workshop, site: Site) -> None:
    layout = made.folder / "full"
    output = f"type=oci,tar=false,dest={layout}"
    flags = ("--provenance=true", "-t", "full:1", "--platform", TWO, "-o", output)
    context = ("--build-context", f"spare=https://user:{PASSWORD}@git.test/x.git")
    made.build(*words(*flags, *context))
    found = statements(layout)
    assert set(found) == {"amd64", "arm64"}
    for name, (statement,) in found.items():
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
        (subject,) = statement["subject"]
        assert subject["name"] == f"pkg:docker/full@1?platform=linux%2F{name}"
        definition = statement["predicate"]["buildDefinition"]
        base, file = definition["resolvedDependencies"]
        assert base["uri"] == f"pkg:oci/busybox?platform=linux%2F{name}"
        assert len(base["digest"]["sha256"]) == 64
        assert file == {
            "uri": f"{site.url}/file",
            "digest": {"sha256": digests.of(b"from the web").removeprefix("sha256:")},
        }
        asked = definition["externalParameters"]["request"]
        assert asked["args"]["build-arg:NAME"] == "Ada"
        assert asked["args"]["context:spare"] == "https://git.test/x.git"
        assert asked["secrets"] == [
            {"id": "key", "optional": True},
            {"id": "other", "optional": True},
        ]
        assert asked["locals"] == [{"name": "dockerfile"}]
        steps = definition["internalParameters"]["buildConfig"]["llbDefinition"]
        assert steps[-1]["inputs"] == [f"{steps[-2]['id']}:0"]
        metadata = statement["predicate"]["runDetails"]["metadata"]
        mode = "native" if name == "amd64" else "emulated"
        runs = {tuple(run["lines"]): run for run in metadata["trimaran_runs"]}
        assert set(runs) == {(3, 4), (8, 8)}
        assert {run["mode"] for run in runs.values()} == {mode}
        assert {run["platform"] for run in runs.values()} == {f"linux/{name}"}
        exec_ops = {
            step["id"]: step["op"]["Op"] for step in steps[:-1] if "exec" in step["op"]["Op"]
        }
        assert {run["step"] for run in runs.values()} == set(exec_ops)
        layers = metadata["buildkit_metadata"]["layers"]
        image = next(e for e in _entries(layout) if e["platform"]["architecture"] == name)
        assert [blob(layout, image["digest"])["layers"]] == layers[f"{steps[-2]['id']}:0"]
        told = set(metadata["buildkit_metadata"]["source"]["locations"])
        assert {step["id"] for step in steps[:-1] if not _fetches(step)} <= told
        fetched = [step["op"]["Op"]["source"]["identifier"] for step in steps if _fetches(step)]
        assert fetched == ["docker-image://busybox", f"{site.url}/file"]  # both stages' base
        assert "buildkit_hermetic" not in metadata
        assert metadata["buildkit_completeness"]["request"]
    for word in (SECRET, PASSWORD):
        assert contains(layout, word) == contains(made.store_path, word) == []


def _fetches(step: dict[str, Any]) -> bool:
    return "source" in (step["op"]["Op"] or {})


def _entries(layout: Path) -> list[dict[str, Any]]:
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    entries: list[dict[str, Any]] = blob(layout, entry["digest"])["manifests"]
    return entries


def test_a_build_from_a_repository_names_its_commit(
    made: Workshop, site: Site, tmp_path: Path
) -> None:
    assert site.folder is not None
    repository = Repository(tmp_path, site.folder, "r")
    commit = repository.commit({"sub/Dockerfile": "FROM scratch\nCOPY . /all/\n"})
    layout = made.folder / "from-git"
    address = site.url.replace("http://", f"http://user:{PASSWORD}@") + "/r.git#main:sub"
    made.ok("build", "--provenance=true", "-o", f"type=oci,tar=false,dest={layout}", address)
    ((statement,),) = statements(layout).values()
    definition = statement["predicate"]["buildDefinition"]
    where = {"uri": f"{site.url}/r.git#main", "digest": {"sha1": commit}}
    assert definition["externalParameters"]["configSource"] == {**where, "path": "Dockerfile"}
    assert definition["resolvedDependencies"] == [where]
    assert "locals" not in definition["externalParameters"]["request"]
    metadata = statement["predicate"]["runDetails"]["metadata"]
    assert metadata["buildkit_completeness"] == {"request": True, "resolvedDependencies": True}
    assert metadata["buildkit_hermetic"]
    assert contains(layout, PASSWORD) == []


def test_it_has_the_form_that_buildx_writes(made: Workshop, tmp_path: Path) -> None:
    made.write("hello/Dockerfile", "FROM scratch\nCOPY Dockerfile /hello\n")
    layout = made.folder / "hello-layout"
    flags = ("--provenance=mode=min,version=v0.2", "--build-arg", f"X={PASSWORD}")
    made.ok("build", *flags, "-o", f"type=oci,tar=false,dest={layout}", "-t", "hello:1", "hello")
    ((ours,),) = statements(layout).values()
    subprocess.run(["tar", "-xzf", HELLO, "-C", tmp_path], check=True)
    theirs = next(iter(statements(tmp_path).values()))[0]
    ours["predicate"]["metadata"].pop("trimaran_runs")
    assert _shape(ours) == _shape(theirs)
    assert contains(layout, PASSWORD) == []


def _shape(value: Any) -> Any:
    """The names of an object's fields, at any depth, without what each build has of its own."""
    if isinstance(value, dict):
        return {key: _shape(value[key]) for key in value}
    return [_shape(each) for each in value] if isinstance(value, list) else type(value).__name__


def test_an_attested_image_goes_where_others_go(
    made: Workshop, registry: RunningRegistry, dockerd: Dockerd
) -> None:
    name = f"{registry.host}/attestations/app"
    made.build(*words("--attest=type=provenance", "-t", f"{name}:1", "--push"))
    index = skopeo("--raw", f"docker://{name}:1")
    assert [each["platform"]["os"] for each in index["manifests"]] == ["linux", "unknown"]
    assert skopeo("--config", f"docker://{name}:1")["architecture"] == "amd64"
    dockerd.docker("pull", f"{name}:1")
    assert dockerd.inspect(f"{name}:1")["Architecture"] == "amd64"
    assert made.ok("verify", f"{name}:1").returncode == 0
    digest = made.ok("copy", f"{name}:1", f"{name}:2").stdout.strip()
    assert skopeo("--raw", f"docker://{name}@{digest}") == index
    made.ok("pull", f"{name}:1")
    made.ok("prune")
    made.ok("push", f"{name}:1")
    assert skopeo("--raw", f"docker://{name}:1") == index
    said = made.refused("--provenance=true", "-o", "type=docker,dest=x.tar", "context", status=2)
    assert "a Docker archive holds no attestations" in said
    old = f"type=registry,name={name}:old,oci-mediatypes=false"
    done = made.build(*words("--provenance=mode=min", "-o", old))
    assert "oci-mediatypes=false is ignored for attested images" in done.stderr
    assert skopeo("--raw", f"docker://{name}:old")["mediaType"].startswith("application/vnd.oci")


def test_equal_builds_state_the_same(made: Workshop) -> None:
    flags = ("--provenance=true", "--sbom=generator=./scan,SELECT=all", "-t", "same", "-o")
    seen = {**EPOCH_SET, "SEEN": str(made.folder / "seen")}
    found = set()
    for number in (1, 2):
        output = f"type=oci,tar=false,dest=same{number}"
        shop = made.with_store(f"store{number}")
        found.add(shop.digest(*words(*flags, output), environment=seen))
    assert len(found) == 1


def test_an_sbom_is_what_a_local_program_finds(made: Workshop) -> None:
    layout = made.folder / "parts-layout"
    made.write("parts/Dockerfile", _scanned(made))
    flags = ("--sbom", "generator=./scan,SELECT=all", "--platform", TWO)
    seen = {"SEEN": str(made.folder / "seen")}
    output = f"type=oci,tar=false,dest={layout}"
    made.build(*flags, *words("-o", output)[:-1], "parts", environment=seen)
    found = statements(layout)
    names = {key: [each["predicate"]["name"] for each in held] for key, held in found.items()}
    assert names == {"amd64": ["x86_64", "Ada"], "arm64": ["aarch64", "Ada"]}
    kinds = {each["predicateType"] for held in found.values() for each in held}
    assert kinds == {"https://spdx.dev/Document"}
    assert {"bin", "machine", "name"} <= set((made.folder / "seen").read_text().split())


def _scanned(made: Workshop) -> str:
    """The Dockerfile whose first stage is to be scanned as well; no program sees that argument."""
    text = (made.folder / "context/Dockerfile").read_text()
    hidden = 'RUN test -z "$BUILDKIT_SBOM_SCAN_STAGE"\n'
    return text.replace("ARG NAME\n", f"ARG NAME\nARG BUILDKIT_SBOM_SCAN_STAGE=true\n{hidden}")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "failed with status 3"),
        ("true", "wrote no SBOM"),
        ("echo { > $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json", "is not JSON"),
        ("echo {} > $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json", "neither an in-toto statement"),
        ("ln -s /etc/passwd $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json", "sbom.spdx.json"),
        ("mkfifo $BUILDKIT_SCAN_DESTINATION/sbom.spdx.json", "is no file"),
    ],
)
def test_a_generator_that_fails_publishes_nothing(made: Workshop, script: str, said: str) -> None:
    made.write("bad", f"#!/bin/sh\n{script}\n", 0o755)
    output = made.folder / "nothing.tar"
    refused = made.refused(*words("--sbom=generator=./bad", "-o", f"type=oci,dest={output}"))
    assert said in refused
    assert not output.exists()


def test_a_platform_that_cannot_be_scanned_holds_up_no_other(made: Workshop) -> None:
    script = '[ "$(cat $BUILDKIT_SCAN_SOURCE/machine)" = x86_64 ] && exec ./scan; exit 9'
    made.write("half", f"#!/bin/sh\n{script}\n", 0o755)
    output = f"type=oci,tar=false,dest={made.folder / 'half-layout'}"
    flags = ("--sbom=generator=./half,SELECT=all", "--allow-missing", "--platform", TWO)
    seen = {"SEEN": str(made.folder / "seen")}
    done = made.run(*made.build_words(*words(*flags, "-o", output)), environment=seen)
    assert "the result LACKS linux/arm64" in done.stderr
    assert set(statements(made.folder / "half-layout")) == {"amd64"}


def test_without_a_generator_nothing_is_begun(made: Workshop) -> None:
    made.write("fails/Dockerfile", "FROM busybox\nRUN false\n")
    said = made.refused("--sbom=generator=no-such-scanner", "fails", status=2)
    assert "no-such-scanner is no program of this machine" in said
    assert "$BUILDKIT_SCAN_DESTINATION" in said


def test_files_come_with_statements_beside_them(made: Workshop) -> None:
    flags = ("--provenance=mode=min", "--sbom=generator=./scan,SELECT=all")
    where = ("-o", "type=local,dest=out", "-o", "type=tar,dest=out.tar", "--platform", TWO)
    seen = {"SEEN": str(made.folder / "seen"), **EPOCH_SET}
    made.build(*words(*flags, *where), environment=seen)
    with tarfile.open(made.folder / "out.tar") as tar:
        for name in ("linux_amd64", "linux_arm64"):
            folder = made.folder / "out" / name
            statement = json.loads((folder / "provenance.json").read_text())
            assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
            subjects = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
            machine = digests.of((folder / "machine").read_bytes()).removeprefix("sha256:")
            assert subjects["machine"] == machine
            assert "bin/busybox" in subjects
            assert json.loads((folder / "sbom.spdx.json").read_text())["predicate"]
            for file in ("provenance.json", "sbom.spdx.json"):
                member = tar.extractfile(f"{name}/{file}")
                assert member is not None
                assert member.read() == (folder / file).read_bytes()
                assert tar.getmember(f"{name}/{file}").mode == 0o600
    made.build(*words("--provenance=inline-only=true", "-o", "type=local,dest=bare"))
    assert not (made.folder / "bare/provenance.json").exists()
    named = "type=local,dest=named,platform-split=false"
    made.build(*words("--provenance=filename=how.json", "-o", named))
    assert (made.folder / "named/how.linux_amd64.json").exists()


@pytest.mark.conformance
def test_buildx_reads_them_as_its_own(made: Workshop, registry: RunningRegistry) -> None:
    name = f"{registry.host}/attestations/read:1"
    seen = {"SEEN": str(made.folder / "seen")}
    flags = ("--provenance=true", "--sbom=generator=./scan,SELECT=all", "--platform", TWO)
    made.build(*words(*flags, "-t", name, "--push"), environment=seen)
    with serve_engines() as engines:
        looked = ("buildx", "imagetools", "inspect", name, "--format")
        provenance = json.loads(engines.docker(*looked, "{{json .Provenance}}"))
        assert set(provenance) == set(TWO.split(","))
        for platform in provenance.values():
            asked = platform["SLSA"]["buildDefinition"]["externalParameters"]["request"]
            assert asked["args"]["build-arg:NAME"] == "Ada"
        sboms = json.loads(engines.docker(*looked, "{{json .SBOM}}"))
        machines = {key: value["SPDX"]["name"] for key, value in sboms.items()}
        assert machines == {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}

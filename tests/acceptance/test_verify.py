"""Images that lie of their architecture are not published; tests run before anything is."""

from __future__ import annotations

import functools
import http.server
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.audit.binaries import elf_file, go_program, x86_note
from tests.support.busybox import busybox, busybox_root
from tests.support.dockerd import Dockerd
from tests.support.registry import RunningRegistry
from tests.support.serving import serving
from tests.support.workshop import Workshop

pytestmark = pytest.mark.real

BOTH = "linux/amd64,linux/arm64"


def verified(shop: Workshop, name: str, *words: str, status: int) -> dict[str, object]:
    done = shop.run("verify", "--format", "json", *words, name)
    assert done.returncode == status, done.stdout + done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


def scratch(shop: Workshop, name: str, platform: str, files: dict[str, bytes | Path]) -> str:
    """An image FROM scratch in the store."""
    for path, content in files.items():
        data = content.read_bytes() if isinstance(content, Path) else content
        shop.write(f"{name}/root/{path}", data, 0o755)
    context = shop.context("FROM scratch\nCOPY root/ /\n", name)
    shop.ok("build", "--platform", platform, "-t", name, context)
    return name


def test_a_program_of_another_cpu_stops_the_push_with_its_cause(
    shop: Workshop, registry: RunningRegistry
) -> None:
    context = shop.context(
        "FROM busybox AS fetch\n"
        "ARG TARGETARCH=amd64\n"
        "COPY bin-* /\n"
        "RUN cp /bin-$TARGETARCH /tool\n"
        "FROM busybox\n"
        "COPY --from=fetch /tool /bin/tool\n"
    )
    for architecture in ("amd64", "arm64"):
        shop.write(f"context/bin-{architecture}", busybox(architecture).read_bytes(), 0o755)
    name = f"{registry.host}/verify/default"
    words = ("--platform", BOTH, "-t", name, "--push", context)
    said = shop.refused(*words)
    assert "nothing was pushed" in said
    assert "linux/arm64: /bin/tool is for amd64" in said
    assert "made by: COPY /tool /bin/tool" in said
    assert "line 2: the default in ARG TARGETARCH=amd64 wins" in said
    assert "the same file is in: linux/amd64" in said
    assert shop.run("pull", name).returncode == 1
    loud = shop.build("--progress", "plain", "--no-verify", *words).stderr
    assert "IS NOT VERIFIED" in loud
    shop.build("--allow", "/bin/tool=shown to users", *words)


def test_a_last_stage_on_the_build_platform_is_named(
    shop: Workshop, registry: RunningRegistry
) -> None:
    context = shop.context('FROM --platform=$BUILDPLATFORM busybox\nCMD ["sh"]\n')
    name = f"{registry.host}/verify/last"
    said = shop.refused("--platform", BOTH, "-t", name, "--push", context)
    assert "Dockerfile, line 1: the last stage is FROM --platform=$BUILDPLATFORM" in said
    assert "linux/amd64:" not in said


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """A web server of a folder; gives its port."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with serving(server):
        yield server.server_port


@pytest.mark.parametrize(
    ("step", "in_dockerfile", "in_history"),
    [
        (
            "ARG TARGETARCH=amd64\nRUN cp /bin-$TARGETARCH /tool",
            "Dockerfile, line 3: the default in ARG TARGETARCH=amd64 wins over the platform",
            "TARGETARCH was 'amd64' in this step",
        ),
        (
            "RUN cp /bin-${TARGETARCH:-amd64} /tool",
            "Dockerfile, line 3: TARGETARCH is used but not declared in this stage",
            "TARGETARCH is used but not declared: add ARG TARGETARCH",
        ),
        (
            "RUN busybox wget -q -O /tool http://127.0.0.1:PORT/bin-amd64 && chmod 755 /tool",
            "Dockerfile, line 3: the step names amd64 for every platform",
            "the step names amd64 for every platform",
        ),
    ],
    ids=("default", "undeclared", "download"),
)
def test_the_cause_is_told(
    shop: Workshop, registry: RunningRegistry, step: str, in_dockerfile: str, in_history: str
) -> None:
    for architecture in ("amd64", "arm64"):
        shop.write(f"context/bin-{architecture}", busybox(architecture).read_bytes(), 0o755)
    with served(shop.folder / "context") as port:
        text = f"FROM busybox\nCOPY bin-* /\n{step.replace('PORT', str(port))}\n"
        name = f"{registry.host}/verify/cause"
        allow = ("--allow", "/bin-*=what the step chooses from")
        words = ("--platform", "linux/arm64", "-t", name, shop.context(text))
        said = shop.refused("--push", *allow, *words)
        assert "linux/arm64: /tool is for amd64" in said
        assert in_dockerfile in said
        shop.build(*words)
    done = shop.run("verify", *allow, name)
    assert done.returncode == 1
    assert f"cause: {in_history}" in done.stdout
    assert "made by: RUN " in done.stdout


def test_what_docker_imports_under_the_wrong_name(shop: Workshop, dockerd: Dockerd) -> None:
    """Docker 20.10 says amd64 of all that it imports, whatever --platform says."""
    root = busybox_root(shop.folder / "root", busybox("arm64"))
    (root / "sbin").mkdir()
    (root / "sbin" / "init").write_bytes(busybox("arm64").read_bytes())
    with tarfile.open(dockerd.folder / "root.tar", "w") as archive:
        archive.add(root, "")
    dockerd.docker("import", "--platform", "linux/arm64", dockerd.folder / "root.tar", "imported:1")
    assert dockerd.inspect("imported:1")["Architecture"] == "amd64"
    environment = {"DOCKER_HOST": f"unix://{dockerd.folder}/sock"}
    done = shop.run("verify", "docker-daemon:imported:1", environment=environment)
    assert done.returncode == 1, done.stderr
    assert "linux/amd64: all its 2 programs are for arm64: it is an image of arm64" in done.stdout
    assert "linux/amd64: 2 files: is for arm64\n    /bin/busybox\n    /sbin/init" in done.stdout


def test_push_refuses_what_lies(shop: Workshop, registry: RunningRegistry) -> None:
    name = scratch(shop, f"{registry.host}/verify/push", "linux/arm64", {"sh": busybox("amd64")})
    done = shop.run("push", name)
    assert done.returncode == 1
    assert "/sh is for amd64" in done.stderr
    assert "IS NOT VERIFIED" in shop.ok("push", "--progress", "plain", "--no-verify", name).stderr
    assert shop.run("verify", name).returncode == 1


def test_lying_images_are_found(shop: Workshop) -> None:
    v7 = scratch(shop, "seven", "linux/arm/v6", {"bin/busybox": busybox("armhf")})
    assert "error: linux/arm/v6: /bin/busybox needs ARMv7" in shop.run("verify", v7).stdout
    go = scratch(shop, "go", "linux/arm/v6", {"bin/app": go_program("arm", "GOARM=7")})
    assert "/bin/app needs ARMv7: it was built with GOARM=7" in shop.run("verify", go).stdout
    true = Path("/bin/true")
    bare = scratch(shop, "bare", "linux/amd64", {"bin/true": true})
    assert "/bin/true needs the dynamic loader /lib" in shop.run("verify", bare).stdout
    v3 = scratch(shop, "three", "linux/amd64", {"lib/a.so": elf_file("amd64", note=x86_note(3))})
    assert "/lib/a.so needs x86-64-v3" in shop.run("verify", v3).stdout
    sarif = json.loads(shop.run("verify", "--format", "sarif", v3).stdout)
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["x86-level"]


def test_honest_images_have_no_finding(shop: Workshop) -> None:
    context = shop.context("FROM busybox\nRUN echo hello >/hello\n")
    platforms = f"{BOTH},linux/arm/v7,linux/s390x"
    shop.build("--platform", platforms, "-t", "honest", context)
    report = verified(shop, "honest", status=0)
    assert report["findings"] == []
    assert len(report["images"]) == 4  # type: ignore[arg-type]
    one = verified(shop, "honest", "--platform", "linux/s390x", status=0)
    assert len(one["images"]) == 1  # type: ignore[arg-type]


def test_tests_run_in_every_image_before_anything_is_published(
    shop: Workshop, registry: RunningRegistry
) -> None:
    context = shop.context('FROM busybox\nENV NAME=value\nWORKDIR /tmp\nCMD ["sh"]\n')
    name = f"{registry.host}/verify/tested"
    words = ("--platform", BOTH, "-t", name, "--push", "--progress", "plain", context)
    said = shop.refused("--test", '[ "$(uname -m)" = x86_64 ] || { echo broken; exit 7; }', *words)
    assert "linux/arm64 test]" in said
    assert "broken" in said
    assert shop.run("pull", name).returncode == 1
    good = ("--test", 'test "$NAME $PWD" = "value /tmp"', "--test", '["/bin/true"]')
    done = shop.build(*good, *words)
    assert '[linux/arm64 test] ["/bin/true"]' in done.stderr
    again = shop.events(*good, "--platform", BOTH, "-t", name, "--push", context)
    assert not [one for one in again if one["event"] == "step-started"]


def test_the_label_and_the_health_check_are_tests_too(
    shop: Workshop, registry: RunningRegistry
) -> None:
    labelled = shop.context("FROM busybox\nLABEL trimaran.test=false\n", "labelled")
    name = f"{registry.host}/verify/label"
    assert "test] false" in shop.refused("-t", name, "--push", labelled)
    shop.build("-t", "local", labelled)
    healthy = shop.context(
        "FROM busybox\n"
        "HEALTHCHECK --interval=1s --retries=9 CMD test -e /tmp/up\n"
        'CMD ["sh", "-c", "sleep 1; touch /tmp/up; sleep 99"]\n',
        "healthy",
    )
    shop.build("--test", "health", "-t", "healthy", healthy)
    ill = shop.context(
        'FROM busybox\nHEALTHCHECK --interval=1s --retries=2 CMD false\nCMD ["sleep", "99"]\n',
        "ill",
    )
    assert "unhealthy after 2 checks" in shop.refused("--test", "health", "-t", "ill", ill)
    none = shop.context('FROM busybox\nCMD ["sh"]\n', "none")
    assert "no HEALTHCHECK" in shop.refused("--test", "health", "-t", "none", none)

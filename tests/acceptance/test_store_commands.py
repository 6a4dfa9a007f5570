"""Commands on the local store and registries: pull of one platform, push, tag, rmi, prune."""

from __future__ import annotations

import pytest
from tests.support.registry import RunningRegistry
from tests.support.workshop import FOUR, Workshop

pytestmark = pytest.mark.real

DOCKERFILE = 'FROM busybox\nRUN uname -m > /machine\nCMD ["cat", "/machine"]\n'


def _own(shop: Workshop) -> str:
    """A part of a repository's name that is the workshop's own, of a folder with any letters."""
    return "".join(filter(str.isalnum, shop.folder.name.lower()))


@pytest.fixture
def pushed(shop: Workshop, registry: RunningRegistry) -> str:
    """An image of four platforms that the registry has under two tags, and the store has not."""
    name = f"{registry.host}/store-commands/{_own(shop)}"
    context = shop.context(DOCKERFILE)
    shop.build("--platform", FOUR, "-t", f"{name}:1", "-t", f"{name}:2", "--push", context)
    return name


def platforms(shop: Workshop) -> list[str]:
    return [line.split()[1] for line in shop.ok("images").stdout.splitlines()[1:]]


def test_a_name_means_its_whole_index_after_a_pull_of_one_platform(
    shop: Workshop, pushed: str
) -> None:
    node = shop.with_store("node")
    digest = node.ok("pull", "--platform", "linux/arm64", f"{pushed}:1").stdout.strip()
    assert platforms(node) == ["linux/arm64"]
    assert node.ok("run", "--platform", "linux/arm64", f"{pushed}:1").stdout == "aarch64\n"
    # Another platform is fetched when it is asked for, and the first one stays.
    assert node.ok("run", "--platform", "linux/s390x", f"{pushed}:1").stdout == "s390x\n"
    assert platforms(node) == ["linux/arm64", "linux/s390x"]
    # Pushing back changes nothing, pushing elsewhere would leave platforms behind.
    node.ok("push", f"{pushed}:1")
    assert node.ok("pull", "--platform", "linux/arm/v7", f"{pushed}:2").stdout.strip() == digest
    elsewhere = f"{pushed}-elsewhere:1"
    node.ok("tag", f"{pushed}:1", elsewhere)
    node.ok("rmi", f"{pushed}:2")
    refused = node.run("push", "--progress", "quiet", elsewhere)
    assert refused.returncode == 1
    assert "was pulled for some of its platforms only" in refused.stderr
    node.ok("pull", f"{pushed}:1")
    assert node.ok("push", elsewhere).stdout.strip() == digest


def test_prune_empties_the_cache_and_leaves_images(shop: Workshop) -> None:
    context = shop.context(DOCKERFILE)
    shop.build("-t", "kept", context)
    shop.ok("prune")
    assert shop.ok("run", "kept").stdout == "x86_64\n"
    kinds = {event["event"] for event in shop.events("-t", "again", context)}
    assert "step-started" in kinds
    shop.ok("rmi", "kept", "again")
    shop.ok("prune")
    blobs = [path for path in shop.store_path.glob("blobs/sha256/*") if path.is_file()]
    assert blobs == []
    assert shop.run("run", "kept", "true").returncode == 1


def test_the_flow_of_docker_manifest_with_tags_of_architectures(
    shop: Workshop, registry: RunningRegistry
) -> None:
    name = f"{registry.host}/{_own(shop)}/whoami"
    three = "linux/arm/v7,linux/arm64,linux/amd64"
    shop.build("--platform", three, "-t", name, "--arch-tags", shop.context(DOCKERFILE))
    built = shop.ok("inspect", "--raw", name).stdout
    names = [f"{name}:{tag}" for tag in ("arm32", "arm64", "amd64")]
    for each in names:
        shop.ok("push", each)
    shop.ok("manifest", "create", f"{name}:listed", *names)
    shop.ok("manifest", "annotate", f"{name}:listed", names[0], "--os", "linux", "--arch", "arm")
    shop.ok("manifest", "push", "-p", f"{name}:listed")
    node = shop.with_store("node")
    assert node.ok("run", "--platform", "linux/arm/v7", f"{name}:listed").stdout == "armv7l\n"
    assert node.ok("inspect", "--raw", f"{name}:listed").stdout == built
    pushed = shop.context(DOCKERFILE, "pushed")
    shop.build("--platform", three, "-t", f"{name}:2", "--arch-tags", "--push", pushed)
    assert node.ok("run", "--platform", "linux/arm64", f"{name}:2-arm64").stdout == "aarch64\n"

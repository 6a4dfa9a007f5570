"""`trimaran manifest` against Debian's docker-registry."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import CommandLine, Open
from tests.images.conftest import image
from tests.support.registry import RunningRegistry

from trimaran import references
from trimaran.errors import ImageError, NotFoundError
from trimaran.images.edit import Care, bring, edit
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.images.members import members_of
from trimaran.oci.models import Index, platform_of
from trimaran.oci.place import TagMovedError
from trimaran.registry.client import Client
from trimaran.registry.repository import Repository

pytestmark = pytest.mark.real

THREE = {"arm32": "linux/arm/v6", "arm64": "linux/arm64", "amd64": "linux/amd64"}


@pytest.fixture
def repo(registry: RunningRegistry, request: pytest.FixtureRequest) -> str:
    """A repository of this test's own."""
    return f"{registry.host}/{request.node.name.replace('_', '-')}"


def full(name: str) -> str:
    return str(references.parse(name))


def listed(repository: Repository, tag: str = "latest") -> dict[str, str]:
    index = Index.parse(repository.read_manifest(repository.resolve(tag)))
    return {str(platform_of(entry)): entry.digest for entry in index.manifests}


def make_three(local: StoreImages, repo: str) -> dict[str, str]:
    return {
        name: image(local, name, tag=full(f"{repo}:{tag}")).digest for tag, name in THREE.items()
    }


def test_the_flow_as_people_type_it(
    cli: CommandLine, local: StoreImages, repo: str, opened: Open
) -> None:
    made = make_three(local, repo)
    names = [f"{repo}:{tag}" for tag in THREE]
    assert cli.ok("manifest", "create", repo, *names) == f"Created manifest list {repo}:latest\n"
    cli.ok(
        "manifest", "annotate", repo, names[0], "--os", "linux", "--arch", "arm", "--variant", "v6"
    )
    assert f"{repo}:latest" in cli.ok("images")
    shown = json.loads(cli.ok("manifest", "inspect", repo))
    assert [entry["platform"]["architecture"] for entry in shown["manifests"]] == [
        "arm",
        "arm64",
        "amd64",
    ]
    assert "is in the local store, " in cli.err
    digest = cli.ok("manifest", "push", "--purge", repo).strip()
    assert opened(repo).resolve("latest").digest == digest
    assert listed(opened(repo)) == made
    with pytest.raises(NotFoundError):
        cli.ok("manifest", "rm", repo)


def test_lists_of_images_that_are_in_a_registry_fetch_no_layers(
    cli: CommandLine, local: StoreImages, repo: str, opened: Open, registry: RunningRegistry
) -> None:
    images = {name: image(opened(f"{repo}-{tag}"), name, tag="1") for tag, name in THREE.items()}
    cli.ok("manifest", "create", repo, *(f"docker://{repo}-{tag}:1" for tag in THREE))
    blobs = list((cli.home.parent / "store").glob("blobs/sha256/*"))
    assert len(blobs) == 7  # three manifests, three configs, the list
    assert cli.ok("images").count(f"{repo}:latest") == 3
    (about, *_) = json.loads(cli.ok("manifest", "inspect", "-v", repo))
    assert about["Origin"] == f"{repo}-arm32:1"
    assert about["AgeSeconds"] < 60
    assert about["OCIManifest"]["layers"]
    before = registry.log.read_text().count("PATCH")
    cli.ok("manifest", "push", repo)
    assert registry.log.read_text().count("PATCH") == before  # every layer was mounted
    assert listed(opened(repo)) == {name: made.digest for name, made in images.items()}


def test_a_tag_that_moved_is_noticed(cli: CommandLine, local: StoreImages, repo: str) -> None:
    make_three(local, repo)
    cli.ok("manifest", "create", repo, f"{repo}:arm64", f"{repo}:amd64")
    cli.ok("manifest", "inspect", repo)
    assert "has moved" not in cli.err
    image(local, "arm64", tag=full(f"{repo}:arm64"), docker=True)
    cli.ok("manifest", "inspect", repo)
    assert f"{repo}:arm64 has moved since it was listed" in cli.err
    cli.ok("manifest", "push", "--progress", "plain", repo)
    assert f"{repo}:arm64 has moved since it was listed" in cli.err
    cli.ok("manifest", "create", "--amend", repo, f"{repo}:arm64")
    shown = json.loads(cli.ok("manifest", "inspect", repo))
    assert len(shown["manifests"]) == 2
    assert "has moved" not in cli.err


def test_create_twice_makes_it_anew(cli: CommandLine, local: StoreImages, repo: str) -> None:
    make_three(local, repo)
    cli.ok("manifest", "create", repo, f"{repo}:arm64", f"{repo}:amd64")
    cli.ok("manifest", "create", "--annotation", "a=b", repo, f"{repo}:amd64")
    shown = json.loads(cli.ok("manifest", "inspect", repo))
    assert [entry["platform"]["architecture"] for entry in shown["manifests"]] == ["amd64"]
    assert shown["annotations"] == {"a": "b"}
    cli.ok("manifest", "rm", repo)
    assert f"{repo}:latest" not in cli.ok("images")


def test_an_image_that_lies_is_refused_and_mended(
    cli: CommandLine, local: StoreImages, repo: str, opened: Open
) -> None:
    image(local, "amd64", tag=full(f"{repo}:one"))
    image(local, "amd64", tag=full(f"{repo}:two"), docker=True)
    with pytest.raises(ImageError, match="are both for linux/amd64"):
        cli.ok("manifest", "create", repo, f"{repo}:one", f"{repo}:two")
    cli.ok("manifest", "create", repo, f"{repo}:one")
    with pytest.raises(ImageError, match="is to be linux/arm64, but its config says linux/amd64"):
        cli.ok("manifest", "annotate", repo, f"{repo}:one", "--arch", "arm64")
    with pytest.raises(ImageError, match="but its config says linux/amd64"):
        cli.ok("manifest", "set", repo, "--platform", "arm64", f"{repo}:two")
    cli.ok("manifest", "set", repo, "--platform", "arm64", "--fix-config", f"{repo}:two")
    cli.ok("manifest", "annotate", repo, f"{repo}:one", "--arch", "386", "--force")
    with pytest.raises(ImageError, match="linux/arm64: /bin/true is for amd64"):
        cli.ok("manifest", "push", repo)
    cli.ok("manifest", "push", "--no-verify", repo)
    assert "IS NOT VERIFIED" in cli.err
    found = listed(opened(repo))
    assert list(found) == ["linux/386", "linux/arm64"]
    assert "linux/arm64" in cli.ok("inspect", f"{repo}@{found['linux/arm64']}")
    assert found["linux/arm64"] != local.resolve(full(f"{repo}:two")).digest
    # In the registry itself as well.
    cli.ok("manifest", "rm", repo)
    mending = ("manifest", "annotate", repo, "linux/386", "--arch", "s390x", "--fix-config")
    with pytest.raises(ImageError, match="linux/s390x: /bin/true is for amd64"):
        cli.ok(*mending)
    cli.ok(*mending, "--no-verify")
    assert list(listed(opened(repo))) == ["linux/s390x", "linux/arm64"]


def test_a_list_in_a_registry_is_changed_there(
    cli: CommandLine, local: StoreImages, repo: str, opened: Open, registry: RunningRegistry
) -> None:
    remote = opened(repo)
    image(remote, "amd64", "arm64", tag="1")
    layout = Layout(cli.home / "layout")
    other = image(layout, "arm/v7", tag="new")
    seen = registry.log.read_text()
    out = cli.ok("manifest", "add", f"{repo}:1", f"oci:{cli.home / 'layout'}:new")
    assert remote.resolve("1").digest == out.strip()
    assert listed(remote, "1")["linux/arm/v7"] == other.digest
    name = repo.partition("/")[2]
    lines = registry.log.read_text()[len(seen) :]
    assert lines.count(f"PUT /v2/{name}/manifests/1 ") == 1
    cli.ok("manifest", "remove", f"{repo}:1", "amd64")
    cli.ok("manifest", "annotate", f"{repo}:1", "arm64", "--annotation", "who=me")
    cli.ok("manifest", "annotate", f"{repo}:1", "--annotation", "list=it")
    index = Index.parse(remote.read_manifest(remote.resolve("1")))
    assert [str(platform_of(entry)) for entry in index.manifests] == ["linux/arm64", "linux/arm/v7"]
    assert index.manifests[0].annotations == {"who": "me"}
    assert index.annotations == {"list": "it"}
    docker = image(local, "arm64", tag=full(f"{repo}:docker"), docker=True)
    before = cli.ok("manifest", "set", f"{repo}:1", "--platform", "arm64", f"{repo}:docker")
    assert listed(remote, "1")["linux/arm64"] == docker.digest
    assert cli.ok("manifest", "add", f"{repo}:1", f"store:{repo}:docker") == before
    assert cli.ok("images").count(f"{repo}:1") == 0


def test_an_edit_is_refused_if_the_tag_moves_meanwhile(
    opened: Open, repo: str, tmp_path: Path
) -> None:
    remote = opened(repo)
    first = image(remote, "amd64", "arm64", tag="1")
    mine, theirs = (members_of(remote, image(remote, name), "it") for name in ("arm/v7", "s390x"))

    def meanwhile(listed: Any) -> Any:
        edit(remote, "1", lambda other: other.with_members(theirs), Care(settle_s=0.0))
        return listed.with_members(mine)

    with pytest.raises(TagMovedError, match="was changed by someone else"):
        edit(remote, "1", meanwhile, Care())
    assert "linux/s390x" in listed(remote, "1")
    assert "linux/arm/v7" not in listed(remote, "1")
    assert first.digest != remote.resolve("1").digest
    edit(remote, "1", meanwhile, Care(retries=1))
    assert {"linux/s390x", "linux/arm/v7"} <= listed(remote, "1").keys()


def test_two_writers_lose_no_update(registry: RunningRegistry, opened: Open, repo: str) -> None:
    """Each in a client of its own, as on two machines: no lock is shared."""
    remote = opened(repo)
    image(remote, "amd64", tag="1")
    wanted = (("arm64", "arm/v7", "s390x"), ("386", "ppc64le", "riscv64"))
    failures: list[BaseException] = []

    def write(names: tuple[str, ...]) -> None:
        client = Client()
        place = Repository(registry.host, repo.partition("/")[2], client)
        try:
            for name in names:
                members = members_of(place, image(place, name), name)
                for member in members:
                    bring(member, place)
                change = lambda listed, new=members: listed.with_members(new)  # noqa: E731
                edit(place, "1", change, Care(retries=20, settle_s=0.1))
        except BaseException as error:  # noqa: BLE001 - the test's own thread raises it
            failures.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=write, args=(names,)) for names in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(listed(remote, "1")) == 7


def test_what_is_not_there_is_said(cli: CommandLine, local: StoreImages, repo: str) -> None:
    with pytest.raises(ImageError, match="is not in the local store; "):
        cli.ok("manifest", "create", repo, f"{repo}:none")
    image(local, "amd64", tag=full(f"{repo}:one"))
    with pytest.raises(NotFoundError):
        cli.ok("manifest", "add", f"{repo}:none", f"{repo}:one")
    with pytest.raises(NotFoundError, match="the local store has no image"):
        cli.ok("manifest", "push", repo)

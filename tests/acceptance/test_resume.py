"""Commands that are killed in a transfer: the next one goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.registry import RunningRegistry
from tests.support.workshop import Workshop, workshop

from trimaran.registry.sessions import CHUNK_BYTES

pytestmark = pytest.mark.real

LARGE = 36 << 20
WAIT_S = 60.0
AFTER_S = 0.3
"""What was sent last is taken in."""
DOCKERFILE = "FROM scratch\nCOPY large /\n"


@pytest.fixture(scope="module")
def large_shop() -> Iterator[Workshop]:
    """A workshop with an image of a layer of two chunks and a bit, in a layout and the store."""
    with workshop() as shop:
        shop.write("context/Dockerfile", DOCKERFILE)
        shop.write("context/large", os.urandom(LARGE))
        shop.ok("build", "-t", "large", shop.folder / "context")
        shop.ok("copy", "large", "oci:layout:1")
        yield shop


def layer_bytes(shop: Workshop) -> int:
    done = shop.ok("inspect", "--json", "oci:layout:1")
    (platform,) = json.loads(done.stdout)["platforms"]
    return int(platform["layers"][0]["size"])


@contextmanager
def killed(shop: Workshop, proxy: FaultyProxy, words: Sequence[str | Path]) -> Iterator[None]:
    """Run a command until it is in the last tenth of its upload, and kill it there."""
    proxy.hold_chunk(passing=2)
    kill_held(shop, proxy, words)
    proxy.hold_chunk(passing=-1)
    proxy.uploaded_bytes = 0
    yield


def kill_held(shop: Workshop, proxy: FaultyProxy, words: Sequence[str | Path]) -> None:
    with shop.start(*words) as command:
        assert proxy.held.wait(WAIT_S), command.communicate()
        time.sleep(AFTER_S)
        command.kill()


@pytest.mark.parametrize("kind", ["push", "build", "copy"])
def test_an_upload_that_was_killed_at_its_end_goes_on_in_the_next_command(
    large_shop: Workshop, registry: RunningRegistry, kind: str
) -> None:
    shop, repository = large_shop, f"resume/{kind}"
    with faulty_proxy(registry.host) as proxy:
        name = f"{proxy.host}/{repository}:1"
        words = {
            "push": ("push", name),
            "build": ("build", "--push", "-t", name, shop.folder / "context"),
            "copy": ("copy", "oci:layout:1", f"docker://{name}"),
        }[kind]
        shop.ok("tag", "large", name)
        with killed(shop, proxy, words):
            (note,) = shop.store_path.glob("records/upload/*")
            assert note.stat().st_mode & 0o077 == 0
            assert len(registry.unfinished_uploads(repository)) == 1
            shop.ok(*words)
        config_limit = 10_000
        left = layer_bytes(shop) - 2 * CHUNK_BYTES
        assert left <= proxy.uploaded_bytes < left + config_limit
        assert left < 0.2 * layer_bytes(shop)
        assert list(shop.store_path.glob("records/upload/*")) == []
        assert registry.unfinished_uploads(repository) == []
        shop.ok("copy", f"docker://{name}", f"oci:{kind}:1")
        assert shop.ok("inspect", "--json", f"oci:{kind}:1").stdout


@pytest.mark.parametrize(
    ("target", "kept"), [("store:back:1", "other/partial/*"), ("oci:back:1", "back/.partial-*")]
)
def test_a_download_that_was_killed_at_its_end_goes_on_in_the_next_command(
    large_shop: Workshop, registry: RunningRegistry, target: str, kept: str
) -> None:
    shop = large_shop.with_store("other")
    size = layer_bytes(shop)
    with faulty_proxy(registry.host) as proxy:
        name = f"docker://{proxy.host}/resume/down:1"
        shop.ok("copy", "oci:layout:1", name)
        proxy.hold_answers(over_bytes=size - 1)
        kill_held(shop, proxy, ("copy", name, target))
        proxy.hold_answers(over_bytes=0)
        (partial,) = shop.folder.glob(kept)
        came = partial.stat().st_size
        assert 0.8 * size < came <= 0.9 * size
        shop.ok("copy", name, target)
        assert proxy.ranges == [f"bytes={came}-"]
        assert list(shop.folder.glob(kept)) == []
        assert shop.ok("inspect", target).stdout.splitlines()
        assert shop.damaged_blobs() == []
    blobs = list(shop.folder.glob("back/blobs/sha256/*"))
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in blobs)

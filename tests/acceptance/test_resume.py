"""Commands that are killed in a transfer: the next one goes on from there."""

from __future__ import annotations

import json
import os
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
    with shop.start(*words) as command:
        assert proxy.held.wait(WAIT_S), command.communicate()
        command.kill()
    proxy.hold_chunk(passing=-1)
    proxy.uploaded_bytes = 0
    yield


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

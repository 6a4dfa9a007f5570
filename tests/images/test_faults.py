"""Pushes and pulls through a proxy that hurts them: all or nothing, and never a wrong byte."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.images.conftest import image, put
from tests.support.faulty_proxy import KINDS, Fault, FaultyProxy, faulty_proxy
from tests.support.registry import RunningRegistry, serve_registry

from trimaran import digests
from trimaran.errors import NotFoundError, TrimaranError
from trimaran.images import tree
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import ImageConfig, Manifest, RootFS, encode
from trimaran.oci.place import Place
from trimaran.registry import sessions
from trimaran.registry.client import Client
from trimaran.registry.repository import Repository
from trimaran.registry.retry import RetryPolicy
from trimaran.registry.unfinished import Unfinished
from trimaran.store.store import Store

pytestmark = pytest.mark.real

PUSHES, PULLS = 200, 100
NAME = "localhost/app:1"
_numbers = itertools.count()

plans = st.dictionaries(
    st.integers(0, 45),
    st.builds(Fault, st.sampled_from(KINDS), st.integers(0, 5000)),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with serve_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(registry: RunningRegistry) -> Iterator[FaultyProxy]:
    with faulty_proxy(registry.host) as running:
        yield running


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Two versions of an image, and one with a layer of several chunks."""
    layout = Layout(tmp_path_factory.mktemp("source"))
    image(layout, "amd64", tag="old")
    image(layout, "amd64", "arm64", tag="new")
    data = bytes(range(256)) * 20
    layer = put(layout, media_types.LAYER, data)
    config = ImageConfig("s390x", "linux", rootfs=RootFS(diff_ids=(digests.of(data),)))
    manifest = Manifest.make(put(layout, media_types.CONFIG, encode(config)), (layer,))
    layout.write_manifest(manifest.raw, manifest.media_type, "large")
    return layout


@pytest.fixture(scope="module")
def unfinished() -> Iterator[Unfinished]:
    """What one push leaves is found by the next, as by commands that share a store."""
    with (
        tempfile.TemporaryDirectory(dir=in_memory()) as folder,
        Store.open(Path(folder)) as store,
    ):
        yield Unfinished(lambda: store)


@contextmanager
def repository(host: str, name: str, unfinished: Unfinished | None = None) -> Iterator[Repository]:
    client = Client(policy=RetryPolicy(sleep=lambda _: None), unfinished=unfinished)
    try:
        yield Repository(host, name, client)
    finally:
        client.close()


def check_whole(place: Place, tag: str) -> str:
    """Read every byte of what the tag means; gives its digest."""
    found = place.resolve(tag)
    for blob in tree.gather(place, tree.read_node(place, found)).blobs:
        with place.open_blob(blob) as chunks:
            assert sum(map(len, chunks)) == blob.size
    return found.digest


def in_memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@settings(
    max_examples=PUSHES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(plan=plans, which=st.sampled_from(["new", "large"]))
def test_a_push_is_whole_or_leaves_the_tag(
    registry: RunningRegistry,
    proxy: FaultyProxy,
    source: Layout,
    unfinished: Unfinished,
    *,
    plan: dict[int, Fault],
    which: str,
) -> None:
    name = f"push/{next(_numbers)}"
    old, new = source.resolve("old"), source.resolve(which)
    proxy.begin({})
    with (
        mock.patch.object(sessions, "CHUNK_BYTES", 2000),
        repository(registry.host, name) as direct,
        repository(proxy.host, name, unfinished) as hurt,
    ):
        copy(source, old, direct, tag="1")
        proxy.begin(plan)
        done = False
        with suppress(TrimaranError):
            copy(source, new, hurt, tag="1", workers=2)
            done = True
        found = check_whole(direct, "1")
        assert found in {old.digest, new.digest}
        assert found == new.digest or not done
        proxy.begin({})
        copy(source, new, hurt, tag="1")
        assert check_whole(direct, "1") == new.digest


@settings(
    max_examples=PULLS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(plan=plans, which=st.sampled_from(["new", "large"]))
def test_a_pull_is_whole_or_leaves_the_name(
    registry: RunningRegistry,
    proxy: FaultyProxy,
    source: Layout,
    *,
    plan: dict[int, Fault],
    which: str,
) -> None:
    new = source.resolve(which)
    proxy.begin({})
    with (
        repository(registry.host, "pull") as direct,
        repository(proxy.host, "pull") as hurt,
        tempfile.TemporaryDirectory(dir=in_memory()) as folder,
        Store.open(Path(folder)) as store,
    ):
        if not has_tag(direct, which):
            copy(source, new, direct, tag=which)
        local = StoreImages(store)
        proxy.begin(plan)
        done = False
        with suppress(TrimaranError):
            copy(hurt, hurt.resolve(which), local, tag=NAME, workers=2)
            done = True
        try:
            assert check_whole(local, NAME) == new.digest
        except NotFoundError:
            assert not done
        proxy.begin({})
        copy(hurt, hurt.resolve(which), local, tag=NAME)
        assert check_whole(local, NAME) == new.digest


def has_tag(place: Place, tag: str) -> bool:
    try:
        place.resolve(tag)
    except NotFoundError:
        return False
    return True

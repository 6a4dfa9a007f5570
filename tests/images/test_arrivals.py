"""What the error of a push that failed says of the registry is what the registry holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.images.conftest import image
from tests.support.faulty_proxy import Fault, FaultyProxy, faulty_proxy
from tests.support.registry import RunningRegistry, serve_registry

from trimaran import digests
from trimaran.errors import NotFoundError, RegistryError, TrimaranError
from trimaran.images import tree
from trimaran.images.arrivals import write_tag
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.images.tree import ImageTree, Node
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor
from trimaran.registry.client import Client
from trimaran.registry.repository import Repository
from trimaran.registry.retry import RetryPolicy

pytestmark = pytest.mark.real

_NOTE = re.compile(r"(\S+) has (\d+) of (\d+) blobs and (\d+) of (\d+) manifests; no tag was")
_MOST_REQUESTS = 200


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with serve_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def proxy(registry: RunningRegistry) -> Iterator[FaultyProxy]:
    with faulty_proxy(registry.host) as running:
        yield running


def repository(host: str, name: str) -> Repository:
    return Repository(host, name, Client(policy=RetryPolicy(sleep=lambda _: None)))


def dead_from(number: int, kind: str = "500") -> Mapping[int, Fault]:
    return dict.fromkeys(range(number, _MOST_REQUESTS), Fault(kind))  # type: ignore[arg-type]


def holds(place: Repository, found: ImageTree) -> tuple[int, int]:
    blobs = sum(place.has_blob(blob) for blob in found.blobs)
    return blobs, sum(_has(place, node.descriptor.digest) for node in found.manifests)


def _has(place: Repository, digest: str) -> bool:
    try:
        place.resolve(digest)
    except NotFoundError:
        return False
    return True


def test_wherever_a_push_ends_its_note_is_true_and_the_next_goes_on(
    tmp_path: Path, registry: RunningRegistry, proxy: FaultyProxy
) -> None:
    layout = Layout(tmp_path / "layout")
    old, new = image(layout, "amd64", tag="old"), image(layout, "amd64", "arm64", tag="new")
    whole = tree.gather(layout, tree.read_node(layout, new))
    noted = set()
    for number in range(_MOST_REQUESTS):
        name = f"cut/{number}"
        direct, hurt = repository(registry.host, name), repository(proxy.host, name)
        copy(layout, old, direct, tag="1")
        proxy.begin(dead_from(number))
        try:
            copy(layout, new, hurt, tag="1", workers=1)
        except TrimaranError as error:
            (note,) = error.__notes__
        else:
            break
        finally:
            proxy.begin({})
        assert direct.resolve("1").digest == old.digest
        found = _NOTE.match(note)
        if found:
            place, *figures = found.groups()
            blobs, of_blobs, manifests, of_manifests = map(int, figures)
            assert (place, of_blobs, of_manifests) == (f"{proxy.host}/{name}", 5, 3)
            really = holds(
                direct, whole
            )  # with what is there of the old image, if not asked for yet
            assert blobs <= really[0]
            assert manifests <= really[1]
            noted.add((blobs, manifests))
        else:
            assert "has all else; whether the tag 1 was changed is not known" in note
            assert holds(direct, whole) == (5, 2)
        assert copy(layout, new, hurt, tag="1") == new
        assert direct.resolve("1").digest == new.digest
    assert noted >= {(0, 0), (3, 0), (5, 0), (5, 1)}


def test_a_tag_that_was_refused_was_not_changed_and_those_before_it_are_named(
    tmp_path: Path, registry: RunningRegistry
) -> None:
    layout = Layout(tmp_path / "layout")
    descriptor = image(layout, "amd64", tag="one")
    place = repository(registry.host, "refused")
    copy(layout, descriptor, place)
    raw = b'{"schemaVersion": 2, "mediaType": "%s"}' % media_types.MANIFEST.encode()
    bad = Node(Descriptor(media_types.MANIFEST, digests.of(raw), len(raw)), raw)
    with pytest.raises(RegistryError) as caught:
        write_tag(place, bad, "1", ["app:0"])
    (note,) = caught.value.__notes__
    assert note.startswith(f"{registry.host}/refused has all else; the tag 1 was not changed;")
    assert "; already changed: app:0; " in note

"""A download that a command was killed in goes on in the next one, by Range."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.images.conftest import image
from tests.registry.scripted import Reply, Seen, serve

from trimaran import digests, events
from trimaran.errors import RegistryError
from trimaran.images.copy import BlobCopy
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor
from trimaran.store.store import Store

DATA = bytes(range(256)) * 4000
LAYER = Descriptor(media_types.LAYER, digests.of(DATA), len(DATA))
CUT = 700_000


def whole(seen: Seen) -> Reply:
    """The rest from the offset that is asked for, as RFC 9110 has it."""
    offset = int(seen.headers.get("Range", "bytes=0-")[6:-1])
    if not offset:
        return Reply(200, body=DATA)
    content_range = f"bytes {offset}-{len(DATA) - 1}/{len(DATA)}"
    return Reply(206, {"Content-Range": content_range}, DATA[offset:])


def opened(kind: str, folder: Path, stack: ExitStack) -> StoreImages | Layout:
    if kind == "layout":
        return Layout(folder)
    return StoreImages(stack.enter_context(Store.open(folder)))


def cut_short(seen: Seen) -> Reply:
    return Reply(503) if "Range" in seen.headers else Reply(200, body=DATA, cut_after=CUT)


@pytest.mark.parametrize("hurt", [False, True])
@pytest.mark.parametrize(("kind", "kept_as"), [("store", "partial/*"), ("layout", ".partial-*")])
def test_a_download_goes_on_in_the_next_command(
    tmp_path: Path, kind: str, kept_as: str, *, hurt: bool
) -> None:
    with serve(cut_short) as registry:
        with ExitStack() as stack:
            remote = stack.enter_context(registry.repository())
            target = opened(kind, tmp_path, stack)
            with pytest.raises(RegistryError):
                BlobCopy(remote, target, events.ignore, "pull").run(LAYER)
            assert not target.has_blob(LAYER)
        (kept,) = tmp_path.glob(kept_as)
        assert kept.read_bytes() == DATA[:CUT]
        if hurt:  # as a crash of the machine may leave it: the whole is read again
            kept.write_bytes(bytes(CUT))
        registry.answering = whole
        registry.seen.clear()
        with ExitStack() as stack:
            remote = stack.enter_context(registry.repository())
            target = opened(kind, tmp_path, stack)
            BlobCopy(remote, target, events.ignore, "pull").run(LAYER)
            with target.open_blob(LAYER) as chunks:
                assert b"".join(chunks) == DATA
        ranges = [seen.headers.get("Range", "") for seen in registry.seen if seen.method == "GET"]
        assert f"bytes={CUT}-" in ranges
        assert ("" in ranges[ranges.index(f"bytes={CUT}-") :]) == hurt
    assert list(tmp_path.glob(kept_as)) == []


def test_a_layout_with_a_cut_download_is_valid_and_cleaned_by_the_next_image(
    tmp_path: Path,
) -> None:
    layout = Layout(tmp_path)
    old = image(layout, "amd64", tag="old")
    with (
        serve(cut_short) as registry,
        registry.repository() as remote,
        pytest.raises(RegistryError),
    ):
        BlobCopy(remote, layout, events.ignore, "pull").run(LAYER)
    assert len(list(tmp_path.glob(".partial-*"))) == 1
    assert layout.names() == ["old"]
    argv = ["skopeo", "inspect", "--raw", f"oci:{tmp_path}:old"]
    assert subprocess.run(argv, capture_output=True, check=True).stdout == layout.read_manifest(old)
    image(layout, "arm64", tag="new")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["blobs", "index.json", "oci-layout"]


def test_two_downloads_of_a_blob_into_a_layout_are_one(tmp_path: Path) -> None:
    with serve(whole) as registry, registry.repository() as remote:
        job = BlobCopy(remote, Layout(tmp_path), events.ignore, "pull")
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(job._write, [LAYER] * 3, ["1", "2", "3"]))
        assert sum(seen.method == "GET" and "blobs" in seen.path for seen in registry.seen) == 1
    assert Layout(tmp_path).has_blob(LAYER)
    assert list(tmp_path.glob(".partial-*")) == []

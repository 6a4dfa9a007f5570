"""A download that a command was killed in goes on in the next one, by Range."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.registry.scripted import Reply, Seen, serve

from trimaran import digests, events
from trimaran.errors import RegistryError
from trimaran.images.copy import BlobCopy
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


def cut_short(seen: Seen) -> Reply:
    return Reply(503) if "Range" in seen.headers else Reply(200, body=DATA, cut_after=CUT)


@pytest.mark.parametrize("hurt", [False, True])
def test_a_download_goes_on_in_the_next_command(tmp_path: Path, hurt: bool) -> None:
    with serve(cut_short) as registry:
        with Store.open(tmp_path) as store, registry.repository() as remote:
            job = BlobCopy(remote, StoreImages(store), events.ignore, "pull")
            with pytest.raises(RegistryError):
                job.run(LAYER)
            assert not store.has_blob(LAYER.digest)
        (kept,) = (tmp_path / "partial").iterdir()
        assert kept.read_bytes() == DATA[:CUT]
        if hurt:  # as a crash of the machine may leave it: the whole is read again
            kept.write_bytes(bytes(CUT))
        registry.answering = whole
        registry.seen.clear()
        with Store.open(tmp_path) as store, registry.repository() as remote:
            BlobCopy(remote, StoreImages(store), events.ignore, "pull").run(LAYER)
            with store.open_blob(LAYER.digest) as file:
                assert file.read() == DATA
        ranges = [seen.headers.get("Range", "") for seen in registry.seen if seen.method == "GET"]
        assert f"bytes={CUT}-" in ranges
        assert ("" in ranges[ranges.index(f"bytes={CUT}-") :]) == hurt
    assert list((tmp_path / "partial").iterdir()) == []

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.build import cache_entries
from trimaran.build.cache_entries import Entries, Entry
from trimaran.build.results import LayerResult, Packing
from trimaran.errors import ImageError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, ImageConfig, encode

DIGEST = "sha256:" + "a" * 64
ENTRY = Entry(
    "b" * 64,
    LayerResult(Descriptor(media_types.LAYER_GZIP, DIGEST, 7), DIGEST),
    Packing("gzip", None),
    "2026-01-02T03:04:05.678901Z",
)
CONFIG = ImageConfig("arm64", "linux", created="2026-01-02T03:04:05Z")


def test_a_document_is_what_was_written() -> None:
    entries = Entries((ENTRY, msgspec.structs.replace(ENTRY, step="c" * 64)))
    assert cache_entries.parse(entries.encoded()) == entries
    assert entries.layers == (ENTRY.layer.descriptor,)


def test_an_image_that_tells_of_its_steps_is_the_image_that_it_was() -> None:
    raw = encode(cache_entries.with_entries(CONFIG, Entries((ENTRY,))))
    assert cache_entries.parse_inline(raw) == Entries((ENTRY,))
    assert ImageConfig.parse(raw) == CONFIG  # what builds on it does not hand it on
    assert cache_entries.parse_inline(encode(CONFIG)) == Entries(())


@pytest.mark.parametrize(
    "entry",
    [
        msgspec.structs.replace(ENTRY, step="../" * 22),
        msgspec.structs.replace(ENTRY, created="yesterday"),
        msgspec.structs.replace(ENTRY, created="2026-01-02T03:04:05+01:00"),
        msgspec.structs.replace(ENTRY, layer=LayerResult(ENTRY.layer.descriptor, "sha256:../x")),
        *(
            msgspec.structs.replace(ENTRY, layer=LayerResult(descriptor, DIGEST))
            for descriptor in (
                Descriptor(media_types.LAYER_GZIP, "sha256:/etc/passwd", 7),
                Descriptor(media_types.LAYER_GZIP, DIGEST, -1),
                Descriptor(media_types.MANIFEST, DIGEST, 7),
            )
        ),
    ],
)
def test_what_cannot_be_true_is_refused(entry: Entry) -> None:
    with pytest.raises(ImageError, match="says of the step"):
        cache_entries.parse(Entries((ENTRY, entry)).encoded())


@given(st.binary() | st.builds(msgspec.json.encode, st.dictionaries(st.just("steps"), st.text())))
def test_nothing_but_a_document_is_one(raw: bytes) -> None:
    for parse in (cache_entries.parse, cache_entries.parse_inline):
        with suppress(ImageError):
            parse(raw)

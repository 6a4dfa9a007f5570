from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trimaran import references
from trimaran.errors import StoreError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, PlatformField
from trimaran.store.refs import file_name
from trimaran.store.store import Store

DESCRIPTOR = Descriptor(
    media_types.INDEX, "sha256:" + "a" * 64, 7, PlatformField("arm", "linux", "v7"), {"k": "v"}
)
names = st.from_regex(
    r"([a-z0-9]{1,60}\.[a-z]{2,5}(:[0-9]{1,5})?/)?[a-z0-9]{1,90}(/[a-z0-9]{1,90})?(:\w[\w.-]{0,127})?",
    fullmatch=True,
).filter(str.isascii)


def test_a_tag_stands_for_the_last_descriptor(store: Store) -> None:
    reference = references.parse("localhost:5000/team/app:1.0")
    assert store.resolve(reference) is None
    store.tag(reference, Descriptor(media_types.MANIFEST, "sha256:" + "b" * 64, 1))
    store.tag(reference, DESCRIPTOR)
    assert store.resolve(reference) == DESCRIPTOR


def test_names_are_sorted_and_have_their_time(store: Store) -> None:
    before = int(time.time())
    for name in ("zoo", "app:2", "app:1"):
        store.tag(references.parse(name), DESCRIPTOR)
    assert [image.reference.familiar for image in store.names()] == ["app:1", "app:2", "zoo:latest"]
    reference, descriptor, created = store.names()[0]
    assert (reference.tag, descriptor) == ("1", DESCRIPTOR)
    assert before <= created <= int(time.time())


def test_an_untagged_name_is_gone(store: Store) -> None:
    reference = references.parse("app")
    store.tag(reference, DESCRIPTOR)
    assert store.untag(reference)
    assert not store.untag(reference)
    assert store.names() == []


@settings(max_examples=20)
@given(name=names)
def test_every_reference_can_be_a_name(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    reference = references.parse(name)
    with Store.open(tmp_path_factory.getbasetemp() / "named") as store:
        store.tag(reference, DESCRIPTOR)
        assert store.names()[0].reference == reference
        assert store.untag(reference)


@settings(max_examples=50)
@given(left=names, right=names)
def test_two_references_have_two_file_names(left: str, right: str) -> None:
    first, second = (str(references.parse(name)) for name in (left, right))
    assume(first != second)
    assert file_name(first) != file_name(second)
    assert len(file_name(first)) < 255
    assert "/" not in file_name(first)


def test_a_damaged_name_is_an_error_that_says_where(store: Store) -> None:
    store.tag(references.parse("app"), DESCRIPTOR)
    (path,) = Path(store.root / "refs").iterdir()
    path.write_bytes(b"{")
    with pytest.raises(StoreError, match="is damaged") as caught:
        store.names()
    assert str(path) in caught.value.message

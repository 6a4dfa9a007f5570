from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimaran import digests
from trimaran.errors import ImageError, NotFoundError
from trimaran.images.layout import Layout
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index
from trimaran.oci.place import OpenBlob

MakeImage = Callable[..., Descriptor]
INDEX = Index.make(())


def write_index(path: Path, *manifests: dict[str, object]) -> Layout:
    path.mkdir()
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))
    return Layout(path)


def entry(letter: str, **annotations: str) -> dict[str, object]:
    named = {
        "ref": "org.opencontainers.image.ref.name",
        "image": "io.containerd.image.name",
    }
    return {
        "mediaType": media_types.MANIFEST,
        "digest": "sha256:" + letter * 64,
        "size": 9,
        "annotations": {named[name]: value for name, value in annotations.items()},
    }


def opener(data: bytes) -> OpenBlob:
    return lambda: nullcontext(iter((data,)))


def test_a_tagged_image_is_found_by_tag_and_digest(layout: Layout, make_image: MakeImage) -> None:
    descriptor = make_image(layout, "amd64", "arm64", tag="1.0")
    assert layout.resolve("1.0") == layout.resolve("") == layout.resolve(descriptor.digest)
    assert layout.resolve("1.0") == descriptor
    index = Index.parse(layout.read_manifest(descriptor))
    assert [it.platform.architecture for it in index.manifests if it.platform] == ["amd64", "arm64"]


def test_what_is_inside_an_index_is_found_by_digest(layout: Layout, make_image: MakeImage) -> None:
    inner = make_image(layout, "arm64", "s390x")
    outer = Index.make((inner,))
    layout.write_manifest(outer.raw, outer.media_type, "outer")
    (first, _) = Index.parse(layout.read_manifest(inner)).manifests
    assert layout.resolve(first.digest).digest == first.digest
    with pytest.raises(NotFoundError, match="has no image sha256:1111"):
        layout.resolve("sha256:" + "1" * 64)


def test_a_tag_is_one_entry_which_the_last_image_gets(
    layout: Layout, make_image: MakeImage
) -> None:
    make_image(layout, "amd64", tag="1.0")
    make_image(layout, "amd64", tag="2.0")
    newer = make_image(layout, "arm64", tag="1.0")
    assert layout.names() == ["1.0", "2.0"]
    assert layout.resolve("1.0") == newer
    assert len(layout.index().manifests) == 2


def test_full_references_are_kept_beside_the_tag(layout: Layout, make_image: MakeImage) -> None:
    one = make_image(layout, "amd64", tag="example.com/one:1.0")
    two = make_image(layout, "arm64", tag="two:1.0")
    assert layout.names() == ["docker.io/library/two:1.0", "example.com/one:1.0"]
    assert layout.resolve("two:1.0") == two
    assert layout.resolve("example.com/one:1.0") == one
    with pytest.raises(ImageError, match=r"has 2 images called '1\.0'") as caught:
        layout.resolve("1.0")
    assert one.digest in caught.value.hint
    assert "example.com/one:1.0" in caught.value.hint


def test_one_image_under_two_names_is_not_ambiguous(layout: Layout, make_image: MakeImage) -> None:
    descriptor = make_image(layout, "amd64", tag="one:1.0")
    layout.put_entry(descriptor, "two:1.0")
    assert layout.resolve("1.0") == layout.resolve("") == descriptor


def test_an_image_needs_no_name(layout: Layout, make_image: MakeImage) -> None:
    descriptor = make_image(layout, "amd64")
    with pytest.raises(NotFoundError, match="is empty"):
        layout.resolve("")
    layout.put_entry(descriptor)
    layout.put_entry(descriptor)
    assert layout.resolve("") == descriptor
    assert len(layout.index().manifests) == 1


@pytest.mark.parametrize(
    ("asked", "letter"),
    [
        ("1.0", "a"),
        ("2.0", "b"),
        ("example.com/b:2.0", "b"),
        ("3.0", "c"),
        ("busybox:3.0", "c"),
        ("latest", "d"),
        ("busybox", "d"),
    ],
)
def test_names_of_other_writers_are_understood(tmp_path: Path, asked: str, letter: str) -> None:
    layout = write_index(
        tmp_path / "layout",
        entry("a", ref="1.0"),
        entry("b", ref="example.com/b:2.0"),
        entry("c", ref="3.0", image="docker.io/library/busybox:3.0"),
        entry("d", image="docker.io/library/busybox:latest"),
    )
    assert layout.resolve(asked).digest == "sha256:" + letter * 64


def test_a_missing_tag_is_an_error_that_lists_the_others(
    layout: Layout, make_image: MakeImage
) -> None:
    make_image(layout, "amd64", tag="1.0")
    with pytest.raises(NotFoundError, match=r"has no image '2\.0'") as caught:
        layout.resolve("2.0")
    assert caught.value.hint == "it has: 1.0"


def test_fields_of_others_in_index_json_survive(tmp_path: Path, make_image: MakeImage) -> None:
    layout = write_index(tmp_path / "layout", entry("a", ref="1.0"))
    path = tmp_path / "layout/index.json"
    path.write_text(path.read_text().replace('"schemaVersion"', '"x-other": 1, "schemaVersion"'))
    make_image(layout, "amd64", tag="2.0")
    assert json.loads(path.read_text())["x-other"] == 1
    assert layout.names() == ["1.0", "2.0"]


def test_threads_that_tag_lose_no_entry(layout: Layout) -> None:
    def tag(number: int) -> None:
        for round_number in range(5):
            layout.write_manifest(INDEX.raw, INDEX.media_type, f"{number}-{round_number}")

    threads = [threading.Thread(target=tag, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(layout.names()) == 20


def test_wrong_bytes_are_refused_both_ways(tmp_path: Path, layout: Layout) -> None:
    promised = Descriptor(media_types.LAYER, digests.of(b"good"), 4)
    for data in (b"evil", b"goo", b"goods"):
        with pytest.raises(ImageError):
            layout.write_blob(promised, opener(data))
    assert not layout.has_blob(promised)
    assert sorted(path.name for path in (tmp_path / "layout").iterdir()) == [
        "blobs",
        "index.json",
        "oci-layout",
    ]
    layout.write_blob(promised, opener(b"good"))
    (tmp_path / "layout/blobs/sha256" / promised.digest[7:]).write_bytes(b"evil")
    with pytest.raises(ImageError, match="holds other bytes"), layout.open_blob(promised) as chunks:
        list(chunks)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("oci-layout", "{", "oci-layout is malformed"),
        ("oci-layout", "{}", "oci-layout is malformed"),
        ("oci-layout", '{"imageLayoutVersion": "2.0.0"}', "unknown version 2.0.0"),
        ("index.json", "[]", "not a valid image index"),
        ("index.json", None, "has no index.json"),
        ("oci-layout", None, "has no oci-layout"),
    ],
)
def test_a_malformed_layout_is_an_error(
    tmp_path: Path, name: str, content: str | None, error: str
) -> None:
    layout = write_index(tmp_path / "layout")
    if content is None:
        (tmp_path / "layout" / name).unlink()
    else:
        (tmp_path / "layout" / name).write_text(content)
    with pytest.raises(ImageError, match=error):
        layout.resolve("1.0")


def test_a_folder_of_other_things_is_not_made_a_layout(tmp_path: Path) -> None:
    (tmp_path / "diary").touch()
    with pytest.raises(ImageError, match="is no OCI layout: it holds 'diary'"):
        Layout(tmp_path).write_manifest(INDEX.raw, INDEX.media_type, "1.0")
    assert [path.name for path in tmp_path.iterdir()] == ["diary"]


def test_a_layout_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match=r"write manifest sha256:.*: Not a directory"):
        Layout(tmp_path / "file/layout").write_manifest(INDEX.raw, INDEX.media_type, "1.0")


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9]{1,3}(/[a-z]{1,2})?(:[a-z0-9]{1,2})?", fullmatch=True),
            st.binary(min_size=1, max_size=2),
        ),
        max_size=6,
    )
)
def test_the_last_image_of_a_name_is_what_it_stands_for(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes]]
) -> None:
    layout = Layout(tmp_path_factory.mktemp("layouts") / "layout")
    for name, content in steps:
        descriptor = Descriptor(media_types.MANIFEST, digests.of(content), len(content))
        layout.put_entry(descriptor, name)
        assert layout.resolve(name) == descriptor
        assert len(layout.names()) == len(set(layout.names()))

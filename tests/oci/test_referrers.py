from __future__ import annotations

import json

import pytest

from trimaran.errors import ImageError
from trimaran.oci import media_types, referrers
from trimaran.oci.models import Descriptor

DIGEST = f"sha256:{'a' * 64}"
OTHER = Descriptor(media_types.MANIFEST, f"sha256:{'b' * 64}", 3)


def test_the_tag_of_a_digest_is_cut_as_the_specification_says() -> None:
    assert referrers.tag(DIGEST) == f"sha256-{'a' * 64}"
    assert referrers.tag(f"sha512:{'c' * 128}") == f"sha512-{'c' * 64}"
    assert referrers.is_tag(referrers.tag(DIGEST))
    assert not referrers.is_tag("1.0")
    assert not referrers.is_tag(f"{referrers.tag(DIGEST)}.sig")
    with pytest.raises(ImageError):
        referrers.tag("latest")


@pytest.mark.parametrize(
    ("fields", "artifact_type"),
    [
        ({"artifactType": "a/b", "config": {"mediaType": "c/d"}}, "a/b"),
        ({"config": {"mediaType": "c/d"}}, "c/d"),
        ({"manifests": []}, ""),
    ],
)
def test_a_referrer_is_described_by_its_own_type_or_its_configs(
    fields: dict[str, object], artifact_type: str
) -> None:
    raw = json.dumps({**fields, "annotations": {"k": "v"}, "subject": {"digest": DIGEST}}).encode()
    found = referrers.described(OTHER, raw)
    assert (found.digest, found.artifact_type) == (OTHER.digest, artifact_type)
    assert found.annotations == {"k": "v"}
    assert referrers.subject_of(raw) == DIGEST


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"subject": 1}', b'{"subject": null}'])
def test_what_is_no_manifest_refers_to_nothing(raw: bytes) -> None:
    assert referrers.subject_of(raw) == ""


def test_a_list_takes_each_referrer_once() -> None:
    index = referrers.with_referrer((), OTHER)
    assert index is not None
    assert index.manifests == (OTHER,)
    assert referrers.with_referrer(index.manifests, OTHER) is None

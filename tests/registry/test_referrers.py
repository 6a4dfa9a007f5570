"""The referrers API as registries answer it (distribution-spec, Listing Referrers)."""

from __future__ import annotations

import pytest
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply, Seen, script

from trimaran.errors import ImageError, RegistryError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index
from trimaran.registry import referrers

SUBJECT = f"sha256:{'a' * 64}"
PATH = f"/v2/app/referrers/{SUBJECT}"
TAG = f"/v2/app/manifests/sha256-{'a' * 64}"


def made(letter: str) -> Descriptor:
    return Descriptor(media_types.MANIFEST, f"sha256:{letter * 64}", 1, artifact_type=f"a/{letter}")


def page(*found: Descriptor, link: str = "") -> Reply:
    headers = {"Content-Type": media_types.INDEX}
    return Reply(200, {**headers, **({"Link": link} if link else {})}, Index.make(found).raw)


def test_a_next_page_stays_at_the_registry(scripted: Scripted) -> None:
    """A link's host and path are not followed: the login must not go elsewhere."""
    answering = script(
        (f"GET {PATH}", page(made("b"), link='<http://example.invalid/else?last=b>; rel="next"')),
        (f"GET {PATH}?last=b", page(made("c"))),
    )
    with scripted(answering).remote() as remote:
        assert referrers.referrers(remote, SUBJECT) == (made("b"), made("c"))


def test_a_filter_that_the_registry_passes_over_is_applied(scripted: Scripted) -> None:
    answering = script((f"GET {PATH}?artifactType=a%2Fc", page(made("b"), made("c"))))
    with scripted(answering).remote() as remote:
        assert referrers.referrers(remote, SUBJECT, "a/c") == (made("c"),)


@pytest.mark.parametrize("status", [404, 405])
def test_without_the_api_the_tag_is_read(scripted: Scripted, status: int) -> None:
    answering = script(
        (f"GET {PATH}", Reply(status)),
        (f"HEAD {TAG}", Reply(404)),
        (f"GET {TAG}", Reply(404)),
    )
    with scripted(answering).remote() as remote:
        assert referrers.referrers(remote, SUBJECT) == ()


def test_pages_without_end_are_an_error(scripted: Scripted) -> None:
    def again(seen: Seen) -> Reply:
        return page(made("b"), link=f'<{seen.path}?x>; rel="next"')

    with (
        scripted(again).remote() as remote,
        pytest.raises(RegistryError, match="more than 100 pages"),
    ):
        referrers.referrers(remote, SUBJECT)


def test_an_answer_that_is_no_index_is_refused(scripted: Scripted) -> None:
    answering = script((f"GET {PATH}", Reply(200, {}, b"<html>")))
    with (
        scripted(answering).remote() as remote,
        pytest.raises(ImageError, match="not a valid image index"),
    ):
        referrers.referrers(remote, SUBJECT)

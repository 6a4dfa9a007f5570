"""What refers to an image: signatures, SBOMs (distribution-spec, Listing Referrers).

A registry without that API is served by the tag schema: an index under the tag ALGORITHM-HEX, which
clients keep themselves (Referrers Tag Schema, Pushing Manifests with Subject).
"""

from __future__ import annotations

import http
from urllib.parse import quote

from trimaran import digests
from trimaran.errors import NotFoundError, RegistryError
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor, Index
from trimaran.oci.place import TagMovedError
from trimaran.oci.referrers import of_type, tag, with_referrer
from trimaran.registry import manifests, refusals
from trimaran.registry.links import next_query
from trimaran.registry.remote import Remote

_PAGES_LIMIT = 100
_TRIES = 10
_ACCEPT = {"Accept": media_types.INDEX}


def referrers(remote: Remote, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...]:
    """The manifests that name `digest` as their subject; none is no error.

    A registry may pass over the filter (it says by OCI-Filters-Applied what it did), so it is
    applied here in any case.

    Raises:
        ImageError: the registry's answer is no index.
        RegistryError: it refused or failed.
    """
    found = _by_api(remote, digest, artifact_type)
    return of_type(_by_tag(remote, digest) if found is None else found, artifact_type)


def list_referrer(remote: Remote, subject: str, referrer: Descriptor) -> None:
    """See to it that a manifest that was pushed is listed among the subject's referrers.

    Raises:
        TagMovedError: others changed the list again and again.
        RegistryError: the registry refused or failed.
    """
    if _by_api(remote, subject) is not None:
        return
    for _ in range(_TRIES):
        try:
            _add_to_tag(remote, subject, referrer)
        except TagMovedError:
            continue
        return
    raise TagMovedError(f"the referrers of {remote.name}@{subject} are changed all the time")


def _by_api(remote: Remote, digest: str, artifact_type: str = "") -> tuple[Descriptor, ...] | None:
    """None if the registry does not know the API."""
    found: list[Descriptor] = []
    path = f"referrers/{digests.check(digest)}"
    query = f"?artifactType={quote(artifact_type, safe='')}" if artifact_type else ""
    for _ in range(_PAGES_LIMIT):
        page = remote.read(path + query, MANIFEST_LIMIT_BYTES, _ACCEPT)
        if page.status in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.METHOD_NOT_ALLOWED):
            return None
        if page.status != http.HTTPStatus.OK:
            raise refusals.refusal(page, f"list what refers to {remote.name}@{digest}")
        found += Index.parse(page.body).manifests
        following = next_query(page.headers.get("Link", ""))
        if not following:
            return tuple(found)
        query = f"?{following}"
    raise RegistryError(f"the referrers of {digest} have more than {_PAGES_LIMIT} pages")


def _by_tag(remote: Remote, digest: str) -> tuple[Descriptor, ...]:
    try:
        return _tagged(remote, digest)[1]
    except NotFoundError:
        return ()


def _tagged(remote: Remote, digest: str) -> tuple[Descriptor, tuple[Descriptor, ...]]:
    found = manifests.resolve(remote, tag(digest))
    if found.media_type != media_types.INDEX:
        raise NotFoundError(f"{remote.name}:{tag(digest)} is no list of referrers")
    return found, Index.parse(manifests.read(remote, found)).manifests


def _add_to_tag(remote: Remote, subject: str, referrer: Descriptor) -> None:
    try:
        found, listed = _tagged(remote, subject)
    except NotFoundError:
        found, listed = None, ()
    index = with_referrer(listed, referrer)
    if index is None:
        return
    if found is None:
        manifests.write(remote, index.raw, index.media_type, tag(subject))
    else:
        manifests.replace(remote, index.raw, index.media_type, tag(subject), found.digest)

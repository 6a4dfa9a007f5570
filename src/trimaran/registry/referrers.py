"""What refers to an image: signatures, SBOMs (distribution-spec, Listing Referrers).

A registry without that API is served by the tag schema: an index under the tag ALGORITHM-HEX, which
clients keep themselves (Referrers Tag Schema, Pushing Manifests with Subject).
"""

from __future__ import annotations

import http
import re
from urllib.parse import urlsplit

from trimaran import digests
from trimaran.errors import NotFoundError, RegistryError
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor, Index
from trimaran.oci.place import TagMovedError
from trimaran.registry import manifests, refusals
from trimaran.registry.remote import Remote

_PAGES_LIMIT = 100
_TRIES = 10
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')
_ACCEPT = {"Accept": media_types.INDEX}


def referrers(remote: Remote, digest: str) -> tuple[Descriptor, ...]:
    """The manifests that name `digest` as their subject; none is no error.

    Raises:
        ImageError: the registry's answer is no index.
        RegistryError: it refused or failed.
    """
    found = _by_api(remote, digest)
    return _by_tag(remote, digest) if found is None else found


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


def _by_api(remote: Remote, digest: str) -> tuple[Descriptor, ...] | None:
    """None if the registry does not know the API."""
    found: list[Descriptor] = []
    path = f"referrers/{digests.check(digest)}"
    query = ""
    for _ in range(_PAGES_LIMIT):
        page = remote.read(path + query, MANIFEST_LIMIT_BYTES, _ACCEPT)
        if page.status in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.METHOD_NOT_ALLOWED):
            return None
        if page.status != http.HTTPStatus.OK:
            raise refusals.refusal(page, f"list what refers to {remote.name}@{digest}")
        found += Index.parse(page.body).manifests
        following = _NEXT.search(page.headers.get("Link", ""))
        # Only the query: the path is known, and a link must not lead to another host.
        query = f"?{urlsplit(following[1]).query}" if following else ""
        if not query:
            return tuple(found)
    raise RegistryError(f"the referrers of {digest} have more than {_PAGES_LIMIT} pages")


def _by_tag(remote: Remote, digest: str) -> tuple[Descriptor, ...]:
    try:
        return _tagged(remote, digest)[1]
    except NotFoundError:
        return ()


def _tagged(remote: Remote, digest: str) -> tuple[Descriptor, tuple[Descriptor, ...]]:
    found = manifests.resolve(remote, _tag(digest))
    if found.media_type != media_types.INDEX:
        raise NotFoundError(f"{remote.name}:{_tag(digest)} is no list of referrers")
    return found, Index.parse(manifests.read(remote, found)).manifests


def _add_to_tag(remote: Remote, subject: str, referrer: Descriptor) -> None:
    try:
        found, listed = _tagged(remote, subject)
    except NotFoundError:
        found, listed = None, ()
    if any(each.digest == referrer.digest for each in listed):
        return
    index = Index.make((*listed, referrer))
    if found is None:
        manifests.write(remote, index.raw, index.media_type, _tag(subject))
    else:
        manifests.replace(remote, index.raw, index.media_type, _tag(subject), found.digest)


def _tag(digest: str) -> str:
    """At most 128 characters: a sha512 is cut, as the specification says."""
    algorithm, _, encoded = digests.check(digest).partition(":")
    return f"{algorithm[:32]}-{encoded[:64]}"

"""Manifests and indexes of a repository.

OCI distribution spec, Pulling manifests, Pushing manifests, Content management.
"""

from __future__ import annotations

import http
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from trimaran import digests
from trimaran.errors import ImageError, RegistryError, TrimaranError
from trimaran.oci import media_types
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor
from trimaran.oci.place import TagMovedError
from trimaran.registry import refusals
from trimaran.registry.answers import Answer, ConnectionLost, Page
from trimaran.registry.remote import Remote
from trimaran.registry.retry import PASSING, retry_after_s

_KNOWN = media_types.INDEXES | media_types.MANIFESTS
_ACCEPT = {"Accept": ", ".join(sorted(_KNOWN))}
_NO_CONDITIONS: Mapping[str, str] = {}


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""
    manifests: msgspec.Raw = msgspec.Raw()
    layers: msgspec.Raw = msgspec.Raw()
    schema_version: int = 0


def resolve(remote: Remote, tag_or_digest: str) -> Descriptor:
    """What is under a tag or digest: by HEAD, or by GET where its answer does not say enough.

    OCI distribution spec, Checking if content exists in the registry (end-3).

    Raises:
        NotFoundError: nothing is there.
        ImageError: the registry's answer contradicts itself, or is no image.
        RegistryError: it refused or failed.
    """
    with remote.ask("HEAD", f"manifests/{tag_or_digest}", _ACCEPT) as answer:
        if answer.status != http.HTTPStatus.OK:
            raise _refusal(remote, tag_or_digest, answer)
        media_type = _media_type(answer)
        size = answer.headers.get("Content-Length", "")
        digest = answer.headers.get("Docker-Content-Digest", "")
        if "Content-Encoding" in answer.headers:
            size = ""
    if digests.is_digest(tag_or_digest):
        digest = tag_or_digest
    if media_type in _KNOWN and size.isdecimal() and digests.is_digest(digest):
        return Descriptor(media_type, digest, int(size))
    return _resolve_by_body(remote, tag_or_digest)


def read(remote: Remote, descriptor: Descriptor) -> bytes:
    """The bytes of a manifest or index, checked (OCI distribution spec, Pulling manifests, end-3).

    Raises:
        NotFoundError: it is not there.
        ImageError: these are other bytes, or too many.
        RegistryError: the registry refused or failed.
    """
    if descriptor.size > MANIFEST_LIMIT_BYTES:
        raise ImageError(
            f"{remote.name}@{descriptor.digest} has {descriptor.size} bytes, "
            f"over the limit of {MANIFEST_LIMIT_BYTES} for a manifest"
        )
    body = _get(remote, descriptor.digest).body
    return b"".join(digests.verified([body], descriptor.digest, descriptor.size))


def write(remote: Remote, raw: bytes, media_type: str, tag: str) -> Descriptor:
    """Store a manifest or index under `tag`, or under its digest if there is none.

    OCI distribution spec, Pushing manifests (end-7), which also has the limit of 4 MiB.

    A lost answer or a 5xx is no refusal: the registry may have done it. What it holds is read back,
    and the same bytes are sent again.

    Raises:
        RegistryError: the registry refused, failed, or stored other bytes.
    """
    descriptor = Descriptor(media_type, digests.of(raw), len(raw))
    if len(raw) > MANIFEST_LIMIT_BYTES:
        raise ImageError(f"a manifest of {len(raw)} bytes is over {MANIFEST_LIMIT_BYTES}")
    attempts = remote.client.policy.attempts_left()
    while True:
        failure = _put(remote, raw, descriptor, tag or descriptor.digest)
        if failure is None or _holds(remote, tag or descriptor.digest, descriptor.digest):
            return descriptor
        attempts.wait(failure.error, failure.wait_s)


def replace(
    remote: Remote, raw: bytes, media_type: str, tag: str, expected_digest: str
) -> Descriptor:
    """Store an index under `tag` if the tag still stands for `expected_digest`.

    OCI distribution spec, Pushing manifests (end-7). It has no conditional write: the tag is asked
    right before, also before each further try. A registry that knows If-Match (RFC 9110, section
    13.1.1) closes the last gap.

    Raises:
        TagMovedError: the tag stands for something else; nothing was written.
        RegistryError: the registry refused, failed, or stored other bytes.
    """
    descriptor = Descriptor(media_type, digests.of(raw), len(raw))
    attempts = remote.client.policy.attempts_left()
    while True:
        found = resolve(remote, tag).digest
        if found == descriptor.digest:
            return descriptor
        if found != expected_digest:
            raise _moved(remote, tag, f"it is {found} now, not {expected_digest}")
        failure = _put(remote, raw, descriptor, tag, {"If-Match": f'"{expected_digest}"'})
        if failure is None:
            return descriptor
        attempts.wait(failure.error, failure.wait_s)


def delete(remote: Remote, tag_or_digest: str) -> None:
    """Remove a manifest by its digest, or a tag where the registry allows that.

    OCI distribution spec, Deleting tags and Deleting manifests (end-9).

    Raises:
        NotFoundError: it is not there.
        RegistryError: the registry refused; many have deletion switched off.
    """
    path = remote.path(f"manifests/{tag_or_digest}")
    with remote.write("DELETE", path, actions="pull,push,delete", tries=True) as answer:
        if answer.status != http.HTTPStatus.ACCEPTED:
            raise refusals.refusal(answer, f"delete {_shown(remote, tag_or_digest)}")


@dataclass(frozen=True, slots=True)
class _Unsure:
    """A failure after which the manifest may be there, or be sent again."""

    error: TrimaranError
    wait_s: float = 0.0


def _put(
    remote: Remote,
    raw: bytes,
    descriptor: Descriptor,
    reference: str,
    conditions: Mapping[str, str] = _NO_CONDITIONS,
) -> _Unsure | None:
    action = f"write {_shown(remote, reference)}"
    headers = {"Content-Type": descriptor.media_type, "Content-Length": str(len(raw)), **conditions}
    path = remote.path(f"manifests/{reference}")
    try:
        answer = remote.write("PUT", path, headers=headers, body=raw)
    except ConnectionLost as error:
        return _Unsure(RegistryError(f"{action}: {error.message}", error.hint))
    with answer:
        if answer.status in PASSING:
            return _Unsure(refusals.refusal(answer, action), retry_after_s(answer.headers))
        if answer.status == http.HTTPStatus.PRECONDITION_FAILED and conditions:
            raise _moved(remote, reference, "the registry says so")
        if answer.status != http.HTTPStatus.CREATED:
            raise refusals.refusal(answer, action)
        said = answer.headers.get("Docker-Content-Digest", "")
    if said == descriptor.digest:
        return None
    # The answer may have been hurt on the way: what is read back decides.
    stored = f"the registry stored {said or 'nothing'} instead of {descriptor.digest}"
    return _Unsure(RegistryError(f"{action}: {stored}"))


def _moved(remote: Remote, tag: str, how: str) -> TagMovedError:
    return TagMovedError(
        f"{_shown(remote, tag)} was changed by someone else meanwhile: {how}",
        "nothing was written; run the command again, or let it do so: --retry 3",
    )


def _holds(remote: Remote, reference: str, digest: str) -> bool:
    """Whether the registry is seen to hold it; what cannot be read proves nothing."""
    try:
        if digests.is_digest(reference):
            return digests.of(_get(remote, reference).body) == digest
        return resolve(remote, reference).digest == digest
    except TrimaranError:
        return False


def _resolve_by_body(remote: Remote, tag_or_digest: str) -> Descriptor:
    page = _get(remote, tag_or_digest)
    media_type = _media_type(page)
    if media_type not in _KNOWN:
        media_type = _sniff(
            page.body, f"{_shown(remote, tag_or_digest)} ({media_type or 'no type'})"
        )
    return Descriptor(media_type, digests.of(page.body), len(page.body))


def _get(remote: Remote, tag_or_digest: str) -> Page:
    """GET a manifest and hold its bytes against the digest that its own answer names."""
    page = remote.read(f"manifests/{tag_or_digest}", MANIFEST_LIMIT_BYTES, _ACCEPT)
    if page.status != http.HTTPStatus.OK:
        raise _refusal(remote, tag_or_digest, page)
    named = page.headers.get("Docker-Content-Digest", "")
    expected = tag_or_digest if digests.is_digest(tag_or_digest) else named
    if expected and digests.is_digest(expected):
        tuple(digests.verified([page.body], expected, len(page.body)))
    return page


def _media_type(answer: Answer | Page) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _sniff(body: bytes, shown: str) -> str:
    """The media type of a manifest that came under another one."""
    try:
        shape = msgspec.json.decode(body, type=_Shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ImageError(f"{shown} is not an image: {error}") from error
    if shape.media_type in _KNOWN:
        return shape.media_type
    if shape.schema_version == 1:
        hint = "Docker's schema 1 is no longer read; pull and push it with an older docker"
        raise ImageError(f"{shown} is an image of an obsolete format", hint)
    if shape.media_type or not (shape.manifests or shape.layers):
        raise ImageError(f"{shown} is not an image: it is a {shape.media_type or 'JSON document'}")
    return media_types.INDEX if shape.manifests else media_types.MANIFEST


def _refusal(remote: Remote, tag_or_digest: str, answer: Answer | Page) -> TrimaranError:
    return refusals.refusal(answer, f"read {_shown(remote, tag_or_digest)}")


def _shown(remote: Remote, tag_or_digest: str) -> str:
    return f"{remote.name}{'@' if digests.is_digest(tag_or_digest) else ':'}{tag_or_digest}"

"""The entries of an OCI layout's index.json: which image has which name (image-layout.md)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trimaran import references
from trimaran.errors import ImageError, InvalidReferenceError, NotFoundError
from trimaran.oci import referrers
from trimaran.oci.models import Descriptor, platform_of

REF_NAME = "org.opencontainers.image.ref.name"
IMAGE_NAME = "io.containerd.image.name"
"""containerd and BuildKit put the full reference here, and its tag into ref.name."""
_NAMES = (REF_NAME, IMAGE_NAME)


def find(entries: Iterable[Descriptor], name: str, where: str) -> Descriptor:
    """The entry that is called `name`, without the annotations that call it so.

    Args:
        entries: the layout's.
        name: a tag or full reference; empty if there is but one image.
        where: the layout's name, for messages.

    Raises:
        NotFoundError: there is none; the hint lists the names.
        ImageError: there are several, of different content.
    """
    listed = tuple(entries)
    images = tuple(entry for entry in listed if not _is_companion(entry))
    offered = listed if name else images or listed
    for match in (_by_ref_name, _by_image_name, _by_tag):
        found = {entry.digest: entry for entry in offered if not name or match(entry, name)}
        if len(found) > 1:
            raise _ambiguous(list(found.values()), name, where)
        if found:
            entry = next(iter(found.values()))
            return msgspec.structs.replace(entry, annotations={})
    subject = f"{where} has no image {name!r}" if name else f"{where} is empty"
    raise NotFoundError(subject, _hint(listed))


def named(descriptor: Descriptor, name: str) -> Descriptor:
    """`descriptor` as an entry called `name`: a tag, a full reference, or empty for no name."""
    own = {key: it for key, it in descriptor.annotations.items() if key not in _NAMES}
    plain = msgspec.structs.replace(descriptor, annotations=own)
    if not name:
        return plain
    annotations = {REF_NAME: name}
    if _is_full(name):
        reference = references.parse(name)
        annotations = {IMAGE_NAME: str(reference)}
        if reference.tag:
            annotations[REF_NAME] = reference.tag
    return msgspec.structs.replace(plain, annotations=own | annotations)


def replaced(entries: Iterable[Descriptor], new: Descriptor) -> tuple[Descriptor, ...]:
    """`entries` with `new` in place of those of the same name, last."""
    return (*(entry for entry in entries if not _gives_way(entry, new)), new)


def names(entries: Iterable[Descriptor]) -> list[str]:
    """What the images are called: the full references where they are known, else the tags."""
    images = (entry for entry in entries if not _is_companion(entry))
    found = (it.annotations.get(IMAGE_NAME) or it.annotations.get(REF_NAME) for it in images)
    return sorted({name for name in found if name})


def _is_companion(entry: Descriptor) -> bool:
    """Whether it is there for the sake of an image: a referrer, or a list of them."""
    return bool(entry.artifact_type) or referrers.is_tag(entry.annotations.get(REF_NAME, ""))


def _gives_way(entry: Descriptor, new: Descriptor) -> bool:
    if not new.annotations:
        return entry.digest == new.digest and not entry.annotations
    if IMAGE_NAME in new.annotations and IMAGE_NAME in entry.annotations:
        return entry.annotations[IMAGE_NAME] == new.annotations[IMAGE_NAME]
    return entry.annotations.get(REF_NAME, "") == new.annotations.get(REF_NAME)


def _by_ref_name(entry: Descriptor, name: str) -> bool:
    return entry.annotations.get(REF_NAME) == name


def _by_image_name(entry: Descriptor, name: str) -> bool:
    full = entry.annotations.get(IMAGE_NAME) or entry.annotations.get(REF_NAME, "")
    return _is_full(full) and _canonical(full) == _canonical(name)


def _by_tag(entry: Descriptor, name: str) -> bool:
    called = (entry.annotations.get(IMAGE_NAME, ""), entry.annotations.get(REF_NAME, ""))
    return any(_is_full(each) and _canonical(each).endswith(f":{name}") for each in called)


def _canonical(name: str) -> str:
    try:
        return str(references.parse(name))
    except InvalidReferenceError:
        return name


def _is_full(name: str) -> bool:
    return "/" in name or ":" in name


def _ambiguous(found: list[Descriptor], name: str, where: str) -> ImageError:
    subject = f"images called {name!r}" if name else "images"
    lines = ", ".join(f"{it.digest} ({platform_of(it) or _label(it)})" for it in found)
    return ImageError(f"{where} has {len(found)} {subject}", f"say which: {lines}")


def _label(entry: Descriptor) -> str:
    return entry.annotations.get(IMAGE_NAME) or entry.annotations.get(REF_NAME) or "no name"


def _hint(entries: tuple[Descriptor, ...]) -> str:
    known = names(entries)
    return f"it has: {', '.join(known)}" if known else ""

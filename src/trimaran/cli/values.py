"""The values of buildx's flags, read as buildx reads them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from trimaran import references
from trimaran.dockerfile import remotes
from trimaran.errors import InvalidReferenceError, UsageError
from trimaran.request import (
    Context,
    FolderContext,
    GitContext,
    ImageContext,
    LayoutContext,
    UrlContext,
)

_TRUE = ("1", "t", "true")
_FALSE = ("0", "f", "false")
_KINDS = (
    "a source that is fetched is https://HOST/FILE, https://HOST/REPOSITORY.git or git@HOST:PATH"
)


def key_values(flag: str, items: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Read `NAME=VALUE`; a NAME alone takes its value from the environment, if it has one.

    Raises:
        UsageError: a name is empty.
    """
    found: dict[str, str] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not name:
            raise UsageError(f"{flag} {item!r} has no name", f"write {flag} NAME=VALUE")
        if equals:
            found[name] = value
        elif name in environment:
            found[name] = environment[name]
    return found


def labels(items: Iterable[str]) -> dict[str, str]:
    """Read `NAME=VALUE`; a NAME alone has the empty value."""
    return {name: value for name, _, value in (item.partition("=") for item in items)}


def build_context(item: str) -> tuple[str, Context]:
    """Read `NAME=docker-image://REF`, `NAME=oci-layout://DIR[:TAG|@DIGEST]`, an address, a folder.

    Raises:
        UsageError: it is none of these.
        InvalidReferenceError: the image's name is wrong.
    """
    name, equals, value = item.partition("=")
    if not name or not equals or not value:
        raise UsageError(
            f"--build-context {item!r} is not NAME=VALUE",
            f"write NAME=DIR, NAME=docker-image://REF or NAME=oci-layout://DIR:TAG; {_KINDS}",
        )
    _check_context_name(name)
    if value.startswith("docker-image://"):
        return name, ImageContext(references.parse(value.removeprefix("docker-image://")))
    if value.startswith("oci-layout://"):
        return name, _layout(value.removeprefix("oci-layout://"))
    if remote := remote_context(value):
        return name, remote
    if value.startswith("target:"):
        raise UsageError(
            f"--build-context {item!r}: targets are those of a bake or compose file",
            "build that one first, and name its image by docker-image://",
        )
    if "://" in value:
        scheme = value.partition("://")[0]
        raise UsageError(f"--build-context {name}: unknown kind of source {scheme}://", _KINDS)
    return name, FolderContext(Path(value).absolute())


def _check_context_name(name: str) -> None:
    try:
        references.parse(name)
    except InvalidReferenceError as error:
        raise UsageError(
            f"--build-context {name}=…: a context is named as an image is", "write small letters"
        ) from error


def main_context(text: str) -> Path | GitContext | UrlContext:
    """Read the CONTEXT that is not standard input: a folder that is there wins over an address.

    Raises:
        UsageError: it is an address of an unknown kind.
    """
    if os.path.isdir(text):
        return Path(text).absolute()
    if remote := remote_context(text):
        return remote
    if "://" in text:
        scheme = text.partition("://")[0]
        raise UsageError(f"the context {text!r} is of an unknown kind, {scheme}://", _KINDS)
    return Path(text).absolute()


def remote_context(text: str) -> GitContext | UrlContext | None:
    """A context that must be fetched; None if it is a local one."""
    address = remotes.context_address(text)
    if remotes.is_git(address) or (address != text and not os.path.exists(text)):
        return GitContext(address)
    return UrlContext(text) if remotes.is_url(text) else None


def _layout(value: str) -> LayoutContext:
    path, at, digest = value.partition("@")
    if at:
        return LayoutContext(Path(path).absolute(), digest)
    path, colon, tag = value.rpartition(":")
    if colon and "/" not in tag:
        return LayoutContext(Path(path).absolute(), tag)
    return LayoutContext(Path(value).absolute(), "latest")


def boolean(name: str, text: str) -> bool:
    """Read true or false.

    Raises:
        UsageError: it is neither.
    """
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise UsageError(f"{name}={text!r} is neither true nor false", f"write {name}=true")

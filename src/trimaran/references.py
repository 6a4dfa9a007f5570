"""Image names, as Docker's users type them and the distribution reference grammar defines them."""

from __future__ import annotations

import re

import msgspec

from trimaran import digests
from trimaran.errors import InvalidReferenceError

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"
_NAME_LIMIT = 255

_DOMAIN = re.compile(
    r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
    r"(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?"
    r"|\[[a-fA-F0-9:]+\](?::[0-9]+)?"
)
_PATH = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


class Reference(msgspec.Struct, frozen=True):
    """A repository and what is meant in it.

    Attributes:
        registry: host and port, `docker.io` where none was written.
        repository: the path, with `library/` added on docker.io.
        tag: empty if only a digest was written.
        digest: empty if none was written; it wins over the tag.
    """

    registry: str
    repository: str
    tag: str = DEFAULT_TAG
    digest: str = ""

    @property
    def tag_or_digest(self) -> str:
        return self.digest or self.tag

    @property
    def name(self) -> str:
        """The repository with its registry, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """As people write it: without docker.io and library/, where that is still the same name."""
        name = self.name
        if self.registry == DEFAULT_REGISTRY:
            short = self.repository.removeprefix("library/")
            # docker.io/library/a/b is not a/b, and docker.io/a.b/c would be the registry a.b.
            same = _split_registry(short) == (self.registry, self.repository)
            name = short if same else name
        return name + self._suffix()

    def with_tag(self, tag: str) -> Reference:
        """The same repository under another tag.

        Raises:
            InvalidReferenceError: `tag` is none.
        """
        return msgspec.structs.replace(self, tag=_checked_tag(tag, tag), digest="")

    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def __str__(self) -> str:
        return self.name + self._suffix()


def parse(text: str) -> Reference:
    """Read a name such as `whoami`, `host:5000/team/app:1.2` or `app@sha256:…`.

    Raises:
        InvalidReferenceError: the grammar refuses it.
    """
    rest, _, digest = text.partition("@")
    if "@" in text and not digests.is_digest(digest):
        raise _invalid(text, f"{digest!r} is not a digest")
    name, tag = _split_tag(rest)
    if tag is not None:
        _checked_tag(tag, text)
    registry, repository = _split_registry(name)
    if not _DOMAIN.fullmatch(registry):
        raise _invalid(text, f"{registry!r} is not a host name")
    _check_path(repository, text)
    default_tag = "" if digest else DEFAULT_TAG
    return Reference(registry, repository, default_tag if tag is None else tag, digest)


def _split_tag(rest: str) -> tuple[str, str | None]:
    last = rest.rfind(":")
    if last > rest.rfind("/") and not rest.endswith("]"):
        return rest[:last], rest[last + 1 :]
    return rest, None


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, path = name.partition("/")
    if slash and (first == "localhost" or any(mark in first for mark in ".:[")):
        if first in ("docker.io", "index.docker.io"):
            return DEFAULT_REGISTRY, path if "/" in path else f"library/{path}"
        return first, path
    return DEFAULT_REGISTRY, name if slash else f"library/{name}"


def _check_path(repository: str, text: str) -> None:
    if repository != repository.lower():
        raise _invalid(text, "a repository's name has no capital letters")
    if not _PATH.fullmatch(repository):
        raise _invalid(text, f"{repository.removeprefix('library/')!r} is not a repository's name")
    if len(repository) > _NAME_LIMIT:
        raise _invalid(text, f"a repository's name has at most {_NAME_LIMIT} characters")


def _checked_tag(tag: str, text: str) -> str:
    if not _TAG.fullmatch(tag):
        raise _invalid(text, f"{tag!r} is not a tag")
    return tag


def _invalid(text: str, cause: str) -> InvalidReferenceError:
    return InvalidReferenceError(
        f"invalid image name {text!r}: {cause}",
        "write [HOST[:PORT]/]PATH[:TAG][@DIGEST] in lower-case letters, such as whoami:1.0",
    )

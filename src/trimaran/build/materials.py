"""What an image was made of: bases, downloads and repositories, each by its digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec

from trimaran.build.contexts import Folders
from trimaran.build.remote_files import Material
from trimaran.build.resolve import Chosen
from trimaran.dockerfile import remotes
from trimaran.dockerfile.lower import BaseKey, Lowered
from trimaran.graph.steps import (
    ContextFiles,
    Copy,
    Download,
    FileSource,
    GitTree,
    Step,
    walk,
)
from trimaran.platforms import Platform
from trimaran.references import DEFAULT_TAG, Reference
from trimaran.request import BuildRequest, Context, GitContext, MainContext, UrlContext


class Materials(msgspec.Struct, frozen=True):
    """What one platform's image was made of.

    Attributes:
        context: the build context, if it was fetched.
        locals: the local folders that were read, as BuildKit calls them.
    """

    found: tuple[Material, ...]
    context: Material | None
    locals: tuple[str, ...]


def materials(
    request: BuildRequest, image: Lowered, chosen: Mapping[BaseKey, Chosen], folders: Folders
) -> Materials:
    """What an image was made of; nothing is fetched that the build did without.

    Raises:
        ContextError: something cannot be fetched again.
    """
    steps = tuple(walk((image.step,) if image.step else ()))
    sources = list(_sources(steps))
    context = _of_context(request.context, folders)
    found = [_of_image(key, chosen[key]) for key in image.bases]
    found += [context] if context else []
    found += [folders.material(each) for each in sources if isinstance(each, Download | GitTree)]
    own = set() if isinstance(request.context, GitContext | UrlContext) else {"dockerfile"}
    for name in sorted({each.context for each in sources if isinstance(each, ContextFiles)}):
        if fetched := _of_context(request.build_contexts.get(name, request.context), folders):
            found.append(fetched)
        else:
            own.add(name or "context")
    unique = {msgspec.json.encode(each, order="sorted"): each for each in found}
    return Materials(tuple(unique.values()), context, tuple(sorted(own)))


def purl(reference: Reference, platform: Platform) -> str:
    """An image's name as a package URL, as BuildKit writes it."""
    name = msgspec.structs.replace(reference, tag="", digest="").familiar
    version = reference.tag or ("" if reference.digest else DEFAULT_TAG)
    digest = (("digest", reference.digest),) if reference.digest else ()
    return _purl("docker", name, version, (*digest, ("platform", str(platform))))


def _purl(kind: str, name: str, version: str, qualifiers: tuple[tuple[str, str], ...]) -> str:
    path = "/".join(quote(part, safe=":") for part in name.split("/"))
    at = f"@{quote(version, safe='')}" if version else ""
    query = "&".join(f"{key}={quote(value, safe=':')}" for key, value in qualifiers)
    return f"pkg:{kind}/{path}{at}?{query}"


def _of_image(key: BaseKey, chosen: Chosen) -> Material:
    algorithm, _, digits = chosen.digest.partition(":")
    if chosen.reference is None:
        uri = _purl("oci", key.name, "", (("platform", str(key.platform)),))
    else:
        uri = purl(chosen.reference, key.platform)
    return Material(uri, {algorithm: digits})


def _of_context(context: Context | MainContext, folders: Folders) -> Material | None:
    match context:
        case GitContext(url=url):
            return folders.material(remotes.parse_git(url))
        case UrlContext(url=url):
            return folders.material(Download(url))
        case _:
            return None


def _sources(steps: tuple[Step, ...]) -> Iterator[FileSource]:
    """Where the files of COPY and ADD came from, those that a RUN mounts included."""
    for step in steps:
        if isinstance(step, Copy):
            yield from (part.source for part in step.parts)

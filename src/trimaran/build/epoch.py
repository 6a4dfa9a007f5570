"""SOURCE_DATE_EPOCH as a number, whatever the user or the Dockerfile wrote."""

from __future__ import annotations

import msgspec

from trimaran import platforms
from trimaran.build.contexts import Folders
from trimaran.dockerfile import epoch
from trimaran.dockerfile.arguments import global_scope, predefined
from trimaran.dockerfile.epoch import NAME, EpochSource
from trimaran.dockerfile.instructions import Dockerfile
from trimaran.graph.steps import ContextFiles, Download
from trimaran.request import ArchiveContext, BuildRequest, GitContext, UrlContext


def dated(
    request: BuildRequest, dockerfile: Dockerfile, folders: Folders
) -> tuple[BuildRequest, Dockerfile]:
    """A request and a Dockerfile in which the value is a number, or is not set.

    Local folders and images have no time, so that they leave it unset, as in BuildKit.

    Raises:
        DockerfileError: the value means nothing.
        ContextError: what it names cannot be fetched.
    """
    declared = any(name == NAME for arg in dockerfile.arguments for name, _ in arg.variables)
    if NAME not in request.build_args and not declared:
        return request, dockerfile
    platform = next(iter(request.platforms), platforms.host())
    last = request.target or dockerfile.stages[-1].name
    automatic = predefined(platform, platforms.host(), last, request.build_args)
    scope = global_scope(dockerfile, automatic, request.build_args)
    value = request.build_args.get(NAME, scope.get(NAME, ""))
    visible = {**scope, **request.build_args}
    found = epoch.find(dockerfile, value, visible, request.build_contexts) if value else None
    seconds = None if found is None else _seconds(request, found, folders)
    text = None if seconds is None else str(seconds)
    build_args = {name: value for name, value in request.build_args.items() if name != NAME}
    if NAME in request.build_args and text is not None:
        build_args[NAME] = text
    return (
        msgspec.structs.replace(request, source_date_epoch=seconds, build_args=build_args),
        epoch.settled(dockerfile, text),
    )


def _seconds(request: BuildRequest, source: EpochSource, folders: Folders) -> int | None:
    if isinstance(source, int):
        return source
    if not isinstance(source, ContextFiles):
        return folders.time_of(source)
    name = source.context
    match request.build_contexts[name] if name else request.context:
        case UrlContext(url=url):
            return folders.time_of(Download(url))
        case GitContext() | ArchiveContext():
            return folders.newest(source)
        case _:
            return None

"""`trimaran build`: flag for flag as `docker buildx build` takes them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from trimaran import platforms, references
from trimaran.build.assemble import BuiltIndex
from trimaran.build.builder import build
from trimaran.cli import (
    attest_options,
    build_outputs,
    build_sources,
    cache_options,
    failures,
    values,
)
from trimaran.cli.acceleration import accelerate_options
from trimaran.cli.allowing import allowed, verify_options
from trimaran.cli.emulators import qemu_option
from trimaran.cli.flags import GoCommand
from trimaran.cli.quirks import quirks_option, stall_option
from trimaran.cli.run_options import build_options, of_build, of_container, split_allow
from trimaran.cli.session import Session
from trimaran.cli.views import progress_option, view
from trimaran.errors import UsageError
from trimaran.events import Notice
from trimaran.images import outputs as written
from trimaran.references import Reference
from trimaran.request import BuildRequest

_F = TypeVar("_F", bound=Callable[..., Any])
_EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True, slots=True)
class _Flags:
    """The command line, a field per flag."""

    context: str
    tags: tuple[str, ...]
    platforms: tuple[str, ...]
    file: str | None
    build_args: tuple[str, ...]
    target: str
    labels: tuple[str, ...]
    no_cache: bool
    pull: bool
    build_contexts: tuple[str, ...]
    outputs: tuple[str, ...]
    push: bool
    metadata_file: str | None
    iidfile: str | None
    arch_tags: bool = False
    tests: tuple[str, ...] = ()
    no_verify: bool = False
    allow: tuple[str, ...] = ()
    allow_file: tuple[str, ...] = ()
    call: str = "build"
    check: bool = False
    keep_going: bool = False
    allow_missing: bool = False
    network: str = "default"
    hosts: tuple[str, ...] = ()
    shm_size: str = ""
    ulimits: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    cgroup_parent: str = ""
    cache_to: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    no_cache_filters: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    load: bool = False
    attest: tuple[str, ...] = ()
    provenance: str | None = None
    sbom: str | None = None


def _pairs(*names: str, help_text: str) -> Callable[[_F], _F]:
    return click.option(*names, multiple=True, metavar="NAME=VALUE", help=help_text)


@click.command("build", cls=GoCommand)
@click.argument("context", metavar="CONTEXT")
@click.option("-t", "--tag", "tags", multiple=True, metavar="NAME", help="Name of the result")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="A,B",
    help="Target platforms (default: this machine's)",
)
@click.option("-f", "--file", metavar="PATH", help="The Dockerfile (default: CONTEXT/Dockerfile)")
@_pairs("--build-arg", "build_args", help_text="Value of an ARG")
@click.option("--target", default="", metavar="STAGE", help="The stage to build")
@_pairs("--label", "labels", help_text="Label of the image")
@click.option("--no-cache", is_flag=True, help="Run every step anew")
@click.option("--pull", is_flag=True, help="Ask the registry for bases that the store has")
@_pairs("--build-context", "build_contexts", help_text="Named context or other base")
@click.option("-o", "--output", "outputs", multiple=True, metavar="type=T,dest=F", help="Output")
@click.option("--push", is_flag=True, help="Short for --output=type=registry")
@click.option("--load", is_flag=True, help="Short for --output=type=docker: into Docker's daemon")
@_pairs("--annotation", "annotations", help_text="Annotation; [index,manifest[PLATFORM]:]NAME")
@click.option("--metadata-file", metavar="FILE", help="Write the result's metadata as JSON")
@click.option("--arch-tags", is_flag=True, help="Tag each platform as well: NAME:arm64, 1.0-arm64")
@click.option("--iidfile", metavar="FILE", help="Write the image ID")
@click.option("-q", "--quiet", is_flag=True, help="Print the image ID alone")
@click.option(
    "--test", "tests", multiple=True, metavar="CMD", help="Must succeed in each platform's image"
)
@click.option(
    "--call",
    default="build",
    metavar="METHOD",
    help="build, check, outline, targets[,format=json]",
)
@click.option("--check", is_flag=True, help="Short for --call=check")
@click.option("--keep-going", is_flag=True, help="If a platform fails, build the others, then fail")
@click.option(
    "--allow-missing", is_flag=True, help="Publish the others without it (implies --keep-going)"
)
@attest_options.attest_options
@cache_options.cache_options
@build_options
@partial(verify_options, also=", or what a RUN may ask for: network.host, security.insecure")
@qemu_option
@quirks_option
@stall_option
@accelerate_options
@progress_option
@click.pass_obj
def command(session: Session, /, progress: str, quiet: bool, **flags: object) -> None:
    """Build CONTEXT's Dockerfile for one or many platforms.

    Without an output the result stays in the local store under its name.
    """
    given = msgspec.convert(flags, _Flags)
    request = _request(session, given)
    if given.check or given.call != "build":
        from trimaran.cli import calls

        sys.exit(calls.answer(request, session, "check" if given.check else given.call))
    files = [Path(name).absolute() for name in (given.iidfile, given.metadata_file) if name]
    for file in files:
        written.check(file)
    with view("quiet" if quiet else progress) as shown:
        if given.cgroup_parent:
            shown.emit(Notice("warning", "--cgroup-parent is ignored: a step has no cgroup"))
        built = build(request, session.machine, shown.emit)
    if built.failed:
        failures.show_missing(built.failed)
    if built.index:
        names = request.tags or next((it.names for it in request.outputs if it.names), ())
        _tell(built.index, given, names, quiet=quiet)


def _tell(result: BuiltIndex, given: _Flags, tags: tuple[Reference, ...], *, quiet: bool) -> None:
    if given.iidfile:
        _write(given.iidfile, image_id(result).encode("ascii"))
    if given.metadata_file:
        _write(given.metadata_file, metadata(result, tags))
    if quiet:
        click.echo(image_id(result))


def _write(name: str, content: bytes) -> None:
    with written.opened(Path(name).absolute()) as file:
        file.write(content)


def _request(session: Session, flags: _Flags) -> BuildRequest:
    sources = build_sources.find(flags.context, flags.file)
    tags = tuple(references.parse(tag) for tag in flags.tags)
    outputs = build_outputs.find(flags.outputs, tags, push=flags.push, load=flags.load)
    if flags.arch_tags and not tags:
        raise UsageError("--arch-tags needs a name", "add -t NAME")
    wanted = ",".join(flags.platforms)
    build_args = _build_args(session, flags)
    provenance, sbom = attest_options.find(flags.attest, flags.provenance, flags.sbom)
    granted, patterns = split_allow(flags.allow)
    limits = of_container(flags.network, flags.hosts, flags.shm_size, flags.ulimits)
    return BuildRequest(
        context=sources.context,
        dockerfile=sources.dockerfile,
        dockerfile_name=sources.dockerfile_name,
        dockerfile_text=sources.dockerfile_text,
        tags=tags,
        platforms=platforms.parse_list(wanted) if wanted else (),
        build_args=build_args,
        target=flags.target,
        labels=values.labels(flags.labels),
        no_cache=flags.no_cache,
        pull=flags.pull,
        build_contexts=dict(values.build_context(item) for item in flags.build_contexts),
        outputs=outputs,
        proxies=session.proxies,
        verify=not flags.no_verify,
        allowed=dict(allowed(patterns, flags.allow_file)),
        tests=flags.tests,
        arch_tags=flags.arch_tags,
        keep_going=flags.keep_going or flags.allow_missing,
        allow_missing=flags.allow_missing,
        cache_to=cache_options.exports(flags.cache_to, build_args),
        cache_from=cache_options.places(flags.cache_from),
        no_cache_stages=cache_options.stages(flags.no_cache_filters, no_cache=flags.no_cache),
        annotations=build_outputs.all_annotations(flags.annotations),
        provenance=provenance,
        sbom=sbom,
        run=of_build(
            session.environment, limits, secrets=flags.secrets, ssh=flags.ssh, granted=granted
        ),
    )


def _build_args(session: Session, flags: _Flags) -> dict[str, str]:
    """As in buildx, the environment's SOURCE_DATE_EPOCH is a build argument, which may be given."""
    found = values.key_values("--build-arg", flags.build_args, session.environment)
    if session.environment.get(_EPOCH):
        found.setdefault(_EPOCH, session.environment[_EPOCH])
    return found


def image_id(result: BuiltIndex) -> str:
    """The config's digest of a single image, else the index's digest, as buildx has it."""
    return result.descriptor.digest if result.is_index else result.images[0].config.digest


def metadata(result: BuiltIndex, tags: tuple[Reference, ...]) -> bytes:
    """The JSON of --metadata-file, under buildx's keys."""
    fields: dict[str, object] = {
        "containerimage.descriptor": result.descriptor,
        "containerimage.digest": result.descriptor.digest,
    }
    if not result.is_index:
        fields["containerimage.config.digest"] = result.images[0].config.digest
    if tags:
        fields["image.name"] = ",".join(str(tag) for tag in tags)
    return msgspec.json.format(msgspec.json.encode(fields, order="sorted")) + b"\n"

"""Both sides: trimaran as the ordinary user, and an engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.conformance.case import Case
from tests.support.busybox import busybox, busybox_root
from tests.support.dockerd import Dockerd
from tests.support.engines import Engines, serve_engines
from tests.support.flatten import Image, images, saved
from tests.support.workshop import Workshop, workshop

_BASE = """\
FROM scratch
ARG TARGETARCH
COPY $TARGETARCH/ /
ENV PATH=/bin:/usr/bin
CMD ["sh"]
"""
# A base with a bit of everything that an image can hand on.
_RICH = """\
FROM busybox
ENV PATH=/bin:/opt/rich GREETING="hello world" EMPTY=
LABEL maker=rich level="1 2"
RUN echo rich > /rich && mkdir -p /srv/data && chown 1000:1000 /srv/data && chmod 2750 /srv/data
USER worker
WORKDIR /srv/data
EXPOSE 80 53/udp
VOLUME /srv/volume
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --retries=2 CMD true
ENTRYPOINT ["/bin/echo", "rich"]
CMD ["words"]
SHELL ["/bin/sh", "-ec"]
ONBUILD ARG LATER=now
ONBUILD RUN echo $LATER > later
ONBUILD COPY a.txt ./
"""


class RefusedError(Exception):
    """A build failed; with all that was said."""


class Builder(Protocol):
    def build(self, case: Case, context: Path) -> dict[str, Image]:
        """The images by platform. Raises RefusedError."""


@dataclass(frozen=True)
class Trimaran:
    shop: Workshop
    bases: tuple[str, ...]

    def build(self, case: Case, context: Path) -> dict[str, Image]:
        archive = self.shop.folder / f"{case.name}.tar"
        words = [
            *("build", "--network=none", f"--platform={','.join(case.platforms)}"),
            *(f"--build-context={base}" for base in self.bases),
            *_options(case, context),
            *(f"--output=type=oci,dest={archive}", str(context)),
        ]
        epoch = {"SOURCE_DATE_EPOCH": case.epoch} if case.epoch else {}
        done = self.shop.run(*words, environment=epoch)
        if done.returncode:
            raise RefusedError(done.stdout + done.stderr)
        return _taken(archive)


@dataclass(frozen=True)
class Buildx:
    engines: Engines
    bases: tuple[str, ...]

    def build(self, case: Case, context: Path) -> dict[str, Image]:
        archive = self.engines.folder / "out" / f"{case.name}.tar"
        output = f"--output=type=oci,dest={archive}"
        words = [
            *("docker", "buildx", "build", "--network=none", "--provenance=false"),
            f"--platform={','.join(case.platforms)}",
            *(f"--build-context={base}" for base in self.bases),
            *_options(case, context),
        ]
        if case.epoch:
            words.append(f"--build-arg=SOURCE_DATE_EPOCH={case.epoch}")
            output += ",rewrite-timestamp=true"
        if case.same_as:
            words.append(f"--file={context}/Dockerfile.same-as")
        done = self.engines.run(*words, output, context)
        if done.returncode:
            raise RefusedError(done.stdout + done.stderr)
        return _taken(archive)


@dataclass(frozen=True)
class Docker:
    """The distribution's docker with its older BuildKit: one platform at a time, no bases."""

    daemon: Dockerd

    def build(self, case: Case, context: Path) -> dict[str, Image]:
        found = {}
        for platform in case.platforms:
            name = f"{case.name}:{platform.rpartition('/')[2]}"
            words = ["build", "--network=none", f"--platform={platform}", f"--tag={name}"]
            done = self.daemon.run(*words, *_options(case, context), context, DOCKER_BUILDKIT="1")
            if done.returncode:
                raise RefusedError(done.stdout + done.stderr)
            archive = self.daemon.folder / f"{name}.tar"
            self.daemon.docker("save", f"--output={archive}", name)
            found[platform] = saved(archive)
            archive.unlink()
        return found


@contextmanager
def both_builders() -> Iterator[tuple[Trimaran, Buildx]]:
    """trimaran, and Debian 13's buildx, with the same bases; both see the engine's folder."""
    with serve_engines() as engines, workshop() as shop:
        engines.folder.chmod(0o711)
        (engines.folder / "out").mkdir()
        bases = _bases(shop, engines.folder)
        yield Trimaran(shop, bases), Buildx(engines, bases)


def _bases(shop: Workshop, place: Path) -> tuple[str, ...]:
    """`busybox` and `rich`, as values of --build-context."""
    context = shop.context(_BASE, "busybox")
    for architecture in ("amd64", "arm64"):
        busybox_root(context / architecture, busybox(architecture))
    simple = _layout(shop, place, context, "busybox")
    rich = _layout(shop, place, shop.context(_RICH, "rich"), "rich", f"--build-context={simple}")
    return simple, rich


def _layout(shop: Workshop, place: Path, context: Path, name: str, *words: str) -> str:
    made = shop.folder / f"{name}-layout"
    shop.ok(
        *("build", "--platform=linux/amd64,linux/arm64", f"--tag={name}", *words),
        *(f"--output=type=oci,dest={made},tar=false", context),
        environment={"SOURCE_DATE_EPOCH": "1400000000"},
    )
    _open(made)
    shutil.move(made, place / f"{name}-layout")
    return f"{name}=oci-layout://{place}/{name}-layout:latest"


def _open(layout: Path) -> None:
    """Let all read it."""
    for path in (layout, *layout.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _options(case: Case, context: Path) -> list[str]:
    return [option.replace("{context}", str(context)) for option in case.options]


def _taken(archive: Path) -> dict[str, Image]:
    try:
        return images(archive)
    finally:
        archive.unlink()

"""`trimaran base`: base images for platforms that no maintainer serves, from Debian's packages.

Busybox is one static program and links to it; Debian is what mmdebstrap's minbase installs. Each
platform's root file system becomes one layer, and all of them one index under the given names.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from trimaran import platforms
from trimaran.build import apt, bases, bootstrap, busybox, debian
from trimaran.build.apt import Programs
from trimaran.build.bases import MadeBase, Maker
from trimaran.build.debian import Mirror, Port
from trimaran.build.fetching import Source
from trimaran.build.preflight import prepare_platforms
from trimaran.emulation.support import Emulated, Support
from trimaran.errors import UsageError
from trimaran.events import BuildDone, BuildStarted, Emit, ImageBuilt, Mode, StepOutput
from trimaran.linux import namespaces
from trimaran.oci.models import Descriptor
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.request import Compression
from trimaran.scheduler.runner import run
from trimaran.scheduler.tasks import Task
from trimaran.store.store import Store

Kind = Literal["busybox", "debian"]


class BaseRequest(msgspec.Struct, frozen=True):
    """One `trimaran base`.

    Attributes:
        suite: Debian's code name; empty for busybox means the oldest suite that serves each
            platform, and the next one where the mirror fails to.
        names: what the index is called in the store, one or more.
        platforms: normalised, one or more.
        proxies: as in `BuildRequest`.
        source_date_epoch: in seconds.
    """

    kind: Kind
    suite: str
    names: tuple[Reference, ...]
    platforms: tuple[Platform, ...]
    proxies: Mapping[str, str] = msgspec.field(default_factory=dict)
    source_date_epoch: int | None = None
    compression: Compression = "gzip"

    @property
    def title(self) -> str:
        return f"{self.kind}:{self.suite}" if self.suite else self.kind


def parse_kind(text: str) -> tuple[Kind, str]:
    """Read `busybox`, `busybox:SUITE` or `debian:SUITE`.

    Raises:
        UsageError: it is none of these.
    """
    name, _, suite = text.partition(":")
    if suite and not suite.isalnum():
        raise UsageError(f"{suite!r} is not a suite of Debian", "write its code name: trixie")
    match name:
        case "busybox":
            return "busybox", suite
        case "debian" if suite:
            return "debian", suite
        case "debian":
            raise UsageError("which suite of Debian?", "write debian:trixie or debian:bookworm")
        case _:
            hint = "write busybox, or debian:SUITE such as debian:trixie"
            raise UsageError(f"no base is called {text!r}", hint)


def make_base(
    request: BaseRequest,
    store: Store,
    emit: Emit,
    *,
    search_path: str,
    cores: int,
    stop: threading.Event,
    mirror: Mirror | None = None,
    emulators: Mapping[str, Path] | None = None,
) -> Descriptor:
    """Make a base image for every platform and name the index in the store.

    Enters this process's namespaces, so it comes before the first thread. Nothing is named before
    all platforms are made.

    Args:
        request: what to make.
        store: takes the images.
        emit: gets the progress.
        search_path: where programs and emulators are found.
        cores: how many platforms of Debian are made at once.
        stop: set to call it off.
        mirror: where packages come from; None for that of this machine's apt.
        emulators: a CPU's name to the emulator that the user named for it.

    Returns:
        The index's descriptor.

    Raises:
        PlatformError: Debian does not serve some of the platforms; all of them are named.
        HostError: a program, a keyring or an emulator is missing, or a download failed.
        StepError, StepsError: mmdebstrap failed.
        StoreError: the disk is full.
        Stopped: `stop` was set.
    """
    work = _Work(
        request,
        store,
        emit,
        Maker(store, emit, request.compression, request.source_date_epoch),
        Programs(search_path, request.proxies),
        mirror or debian.mirror(),
        cores,
        stop,
        emulators or {},
    )
    with store.use():
        return work.run()


class _Work(msgspec.Struct):
    request: BaseRequest
    store: Store
    emit: Emit
    maker: Maker
    programs: Programs
    mirror: Mirror
    cores: int
    stop: threading.Event
    emulators: Mapping[str, Path]
    made: dict[Platform, MadeBase] = msgspec.field(default_factory=dict)
    seconds: dict[Platform, float] = msgspec.field(default_factory=dict)

    def run(self) -> Descriptor:
        started = time.time()
        request = self.request
        ports = debian.ports(request.platforms, request.suite)
        if request.kind == "busybox":
            tasks = self._busybox_tasks(ports)
        else:
            tasks = self._debian_tasks(ports)
        names = tuple(str(platform) for platform in request.platforms)
        self.emit(BuildStarted(request.title, names, len(tasks)))
        run(tasks, heavy_slots=self.cores, stop=self.stop)
        index = bases.write_index(self.store, [self.made[one] for one in request.platforms])
        for name in request.names:
            self.store.tag(name, index)
        self._report(index, started)
        return index

    def _busybox_tasks(self, ports: Mapping[Platform, Port]) -> list[Task]:
        namespaces.enter()
        suites: dict[str, dict[Platform, Port]] = {}
        for platform, port in ports.items():
            suites.setdefault(port.suite, {})[platform] = port
        for suite in suites:
            debian.ports((platforms.host(),), suite)  # this machine's own busybox names the links
        return [
            Task(suite, (), partial(self._make_busybox, suite, members))
            for suite, members in suites.items()
        ]

    def _make_busybox(self, suite: str, ports: Mapping[Platform, Port]) -> None:
        step = f"base-busybox-{suite}"
        label = f"[{suite}] busybox-static for {', '.join(map(str, ports))}"
        with (
            self.maker.step(step, label, str(platforms.host()), "native") as started,
            self.store.new_snapshot(step) as pending,
            self.store.guarded("make a base"),
        ):
            for batch in self._source(suite, pending.work).fetch(_architectures(ports)):
                names = busybox.applets(batch.own)
                for platform, port in ports.items():
                    if program := batch.programs.get(port.architecture):
                        self._keep(platform, pending.fs / platform.slug, program, names)
                        self.seconds[platform] = time.time() - started

    def _keep(self, platform: Platform, root: Path, program: Path, names: list[str]) -> None:
        root.mkdir()
        stamp = busybox.make_root(root, program, names)
        title = f"trimaran base {self.request.title}"
        self.made[platform] = self.maker.image(platform, root, ("sh",), title, stamp)

    def _source(self, suite: str, folder: Path) -> Source:
        return Source(
            suite,
            debian.architecture_of(platforms.host()),
            self.mirror,
            self.programs,
            folder,
            self.emit,
            may_move=not self.request.suite,
        )

    def _debian_tasks(self, ports: Mapping[Platform, Port]) -> list[Task]:
        bootstrap.find(self.programs)
        apt.check_keyring()
        supports = prepare_platforms(ports, self.programs.search_path, self.emulators)
        return [
            Task(str(platform), (), partial(self._make_debian, platform, port, supports[platform]))
            for platform, port in ports.items()
        ]

    def _make_debian(self, platform: Platform, port: Port, support: Support) -> None:
        step = f"base-debian-{port.suite}-{platform.slug}"
        mode: Mode = "emulated" if isinstance(support, Emulated) else "native"
        label = f"[{platform}] mmdebstrap minbase {port.suite}"

        def take(line: str) -> None:
            self.emit(StepOutput(step, line, time.time()))

        with (
            self.maker.step(step, label, str(platform), mode) as started,
            self.store.new_snapshot(step) as pending,
            self.store.guarded("make a base"),
        ):
            bootstrap.make_root(
                pending.fs,
                platform,
                port,
                mirror=self.mirror,
                programs=self.programs,
                source_date_epoch=self.request.source_date_epoch,
                take=take,
                stop=self.stop,
            )
            self.made[platform] = self.maker.image(
                platform, pending.fs, ("bash",), f"trimaran base {self.request.title}", time.time()
            )
            self.seconds[platform] = time.time() - started

    def _report(self, index: Descriptor, started: float) -> None:
        for platform, made in self.made.items():
            digest, size = made.manifest.digest, made.size_bytes
            self.emit(ImageBuilt(str(platform), digest, size, self.seconds[platform]))
        names = tuple(name.familiar for name in self.request.names)
        self.emit(BuildDone(index.digest, names, time.time() - started))


def _architectures(ports: Mapping[Platform, Port]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(port.architecture for port in ports.values()))

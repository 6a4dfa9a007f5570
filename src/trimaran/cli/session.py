"""What the commands read from the environment: the only place that does."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from trimaran.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trimaran.build.machine import Accelerate, Machine
    from trimaran.executor.surroundings import Surroundings
    from trimaran.references import Reference
    from trimaran.registry.client import Client
    from trimaran.registry.repository import Repository
    from trimaran.registry.web import Web
    from trimaran.store.store import Store

_RESOLV_CONF = Path("/etc/resolv.conf")
_CERTS_FOLDER = Path("/etc/docker/certs.d")
_PROXY_NAMES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")


@dataclass(frozen=True)
class Session:
    """One command's surroundings.

    Attributes:
        docker_config: Docker's config.json, where credentials are looked up.
        search_path: where programs and emulators are found.
        emulators: a CPU's name to the emulator that --qemu names for it.
        quirks: what --emulation-quirks was given.
        stall_timeout_s: what --stall-timeout was given.
        insecure: --insecure was given: plain HTTP to the registries that are named.
        accelerate: what --accelerate was given; so is the next one.
    """

    store_path: Path
    docker_config: Path
    search_path: str
    environment: Mapping[str, str]
    emulators: Mapping[str, Path] = field(default_factory=dict)
    quirks: str = "auto"
    stall_timeout_s: float = 0.0
    insecure: bool = False
    accelerate: Accelerate = "auto"
    explain_acceleration: bool = False

    @classmethod
    def from_environment(cls, store: str | None) -> Session:
        """Read the process's environment; `store` is the flag's value, if given."""
        environment = dict(os.environ)
        config = environment.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
        return cls(
            Path(store).absolute() if store else _default_store(environment),
            Path(config) / "config.json",
            environment.get("PATH", os.defpath),
            environment,
        )

    @property
    def proxies(self) -> dict[str, str]:
        """The proxy variables that are set, in both spellings, as steps are to see them."""
        names = (*_PROXY_NAMES, *(name.upper() for name in _PROXY_NAMES))
        return {name: self.environment[name] for name in names if self.environment.get(name)}

    @property
    def source_date_epoch(self) -> int | None:
        """SOURCE_DATE_EPOCH in seconds; None if it is not set.

        Raises:
            UsageError: it is no whole number.
        """
        return epoch(self.environment.get("SOURCE_DATE_EPOCH", ""))

    @cached_property
    def store(self) -> Store:
        from trimaran.store.store import Store

        return Store.open(self.store_path)

    @property
    def certs_folder(self) -> Path:
        """Docker's certs.d, where registries' own authorities are."""
        return _CERTS_FOLDER

    @property
    def docker_host(self) -> str:
        """Where Docker's daemon is, as its own programs are told; empty for the usual place."""
        return self.environment.get("DOCKER_HOST", "")

    @property
    def settings_path(self) -> Path:
        """The user's settings file, which need not exist."""
        folder = self.environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        return Path(folder) / "trimaran" / "config.toml"

    @cached_property
    def client(self) -> Client:
        from trimaran.cli import settings
        from trimaran.registry.client import Client
        from trimaran.registry.credentials import DockerConfig
        from trimaran.registry.unfinished import Unfinished

        return Client(
            DockerConfig(self.docker_config).find,
            certs_folder=self.certs_folder,
            proxies=self.proxies,
            plain_http=settings.read(self.settings_path).plain_http,
            unfinished=Unfinished(lambda: self.store),
        )

    def repository(self, reference: Reference, mount_from: Sequence[str] = ()) -> Repository:
        """The repository of `reference` in its registry.

        Args:
            reference: names it.
            mount_from: repositories of that registry, whose blobs need not be sent again.
        """
        from trimaran.registry.repository import open_repository

        if self.insecure:
            self.client.allow_plain_http(reference.registry)
        return open_repository(reference, self.client, mount_from)

    def open_web(self) -> Web:
        """What fetches files from the web."""
        from trimaran.registry import hosts
        from trimaran.registry.retry import RetryPolicy
        from trimaran.registry.transport import Transport
        from trimaran.registry.web import Web

        transport = Transport(self.certs_folder, self.proxies, hosts.ANYWHERE)
        return Web(transport, RetryPolicy())

    @property
    def lent(self) -> Surroundings:
        """What the machine lends to programs that run in containers."""
        from trimaran.executor.surroundings import Surroundings

        return Surroundings(_resolv_conf(), self.proxies)

    @property
    def machine(self) -> Machine:
        """What the machine gives a build."""
        from trimaran.build.machine import Machine
        from trimaran.emulation import quirks

        cores = len(os.sched_getaffinity(0))
        return Machine(
            self.store,
            self.repository,
            self.search_path,
            self.runtime,
            cores,
            self.lent,
            threading.Event(),
            self.open_web,
            quirks=quirks.parse(self.quirks, self.stall_timeout_s),
            emulators=self.emulators,
            docker_host=self.docker_host,
            accelerate=self.accelerate,
            explain_acceleration=self.explain_acceleration,
        )

    @property
    def runtime(self) -> str:
        """The OCI runtime's name or path."""
        return self.environment.get("TRIMARAN_RUNTIME") or "runc"


def epoch(text: str) -> int | None:
    """Read SOURCE_DATE_EPOCH, in seconds; None if it is empty.

    Raises:
        UsageError: it is no whole number.
    """
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise UsageError(
            f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds",
            "set it to a whole number, such as $(git log -1 --pretty=%ct)",
        )
    return int(text)


def _resolv_conf() -> bytes:
    try:
        return _RESOLV_CONF.read_bytes()
    except OSError:
        return b""


def _default_store(environment: Mapping[str, str]) -> Path:
    if os.geteuid() == 0 and not environment.get("XDG_DATA_HOME"):
        return Path("/var/lib/trimaran")
    data = environment.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(data) / "trimaran"

"""What the machine lends to every step: names of hosts, proxies, and the runtime's facts."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trimaran.executor.bundle import HOSTNAME, BindMount
from trimaran.request import SHM_SIZE_BYTES, Secret, Ulimit

RESOLV_CONF, HOSTS = "/etc/resolv.conf", "/etc/hosts"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Values that no step's identity holds.

    Attributes:
        resolv_conf: the text of the machine's own file (resolv.conf(5)); steps share its network.
        proxies: environment variables such as http_proxy, each set in both spellings.
        extra_hosts: a name to its address, for /etc/hosts.
        secrets: by id.
        agents: an SSH agent's id to its socket, or to files of private keys.
        shm_size_bytes: of /dev/shm.
        ulimits: over the usual limits.
    """

    resolv_conf: bytes
    proxies: Mapping[str, str] = field(default_factory=dict)
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    agents: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    shm_size_bytes: int = SHM_SIZE_BYTES
    ulimits: tuple[Ulimit, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The proxies in lower and upper case: programs differ in which one they read."""
        return {
            spelling: value
            for name, value in self.proxies.items()
            for spelling in (name.lower(), name.upper())
        }

    @property
    def hosts(self) -> bytes:
        """The text of /etc/hosts (hosts(5))."""
        lines = [f"127.0.0.1\tlocalhost {HOSTNAME}", "::1\tlocalhost ip6-localhost ip6-loopback"]
        lines += [f"{address}\t{name}" for name, address in self.extra_hosts.items()]
        return "".join(f"{line}\n" for line in lines).encode()

    def provide(self, folder: Path, wanted: tuple[str, ...]) -> tuple[BindMount, ...]:
        """Write the files into `folder` and give the mounts of those that are `wanted`."""
        mounts: list[BindMount] = []
        for destination, text in ((RESOLV_CONF, self.resolv_conf), (HOSTS, self.hosts)):
            if destination in wanted:
                file = folder / destination.rpartition("/")[2]
                file.write_bytes(text)
                file.chmod(0o644)
                mounts.append(BindMount(file, destination))
        return tuple(mounts)


def machine() -> str:
    """The host's own uname."""
    return os.uname().machine


def hard_files() -> int:
    """The highest number of open files that this process may pass on."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 2**31 - 1 if hard == resource.RLIM_INFINITY else hard


def terminal_size() -> tuple[int, int]:
    """Lines and columns of the terminal on standard input; zeros if it is none.

    The runtime itself passes the size on, but only once the program runs.
    """
    try:
        size = os.get_terminal_size(0)
    except OSError:
        return 0, 0
    return size.lines, size.columns

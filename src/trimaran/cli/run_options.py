"""The options for the programs of RUN, and of `trimaran run`: secrets, networks, limits."""

from __future__ import annotations

import ipaddress
import resource
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

import click

from trimaran.cli import secret_options
from trimaran.dockerfile import values
from trimaran.dockerfile.suggest import did_you_mean
from trimaran.errors import UsageError
from trimaran.request import ENTITLEMENTS, SHM_SIZE_BYTES, Network, RunOptions, Ulimit

_F = TypeVar("_F", bound=Callable[..., Any])

_FILES = ("fs", "fs.read", "fs.write")
"""buildx's entitlements to read and write files: here a build has the user's own rights."""
_GATEWAY = "host-gateway"
_LIMITS = (
    *("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile"),
    *("nproc", "rss", "rtprio", "rttime", "sigpending", "stack"),
)
_UNLIMITED = 2**63


def container_options(function: _F) -> _F:
    """Add --network, --add-host, --shm-size and --ulimit."""
    options = (
        click.option("--network", default="default", metavar="MODE", help="default, none or host"),
        click.option(
            "--add-host", "hosts", multiple=True, metavar="NAME:IP", help="Line of /etc/hosts"
        ),
        click.option("--shm-size", default="", metavar="SIZE", help="Size of /dev/shm, as 64m"),
        click.option(
            "--ulimit",
            "ulimits",
            multiple=True,
            metavar="NAME=SOFT[:HARD]",
            help="Limit of processes",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def build_options(function: _F) -> _F:
    """Add those, --secret, --ssh and --cgroup-parent."""
    options = (
        click.option(
            "--secret", "secrets", multiple=True, metavar="id=ID,src=FILE", help="Secret for RUN"
        ),
        click.option(
            "--ssh", multiple=True, metavar="ID[=SOCKET|KEY]", help="SSH agent or keys for RUN"
        ),
        click.option(
            "--cgroup-parent", default="", metavar="CGROUP", help="Ignored: a step has no cgroup"
        ),
    )
    for option in reversed(options):
        function = option(function)
    return container_options(function)


def of_container(
    network: str, hosts: Iterable[str], shm_size: str, ulimits: Iterable[str]
) -> RunOptions:
    """What the options of `container_options` say.

    Raises:
        UsageError: one of them is malformed.
    """
    return RunOptions(
        network=_network(network),
        hosts=dict(_host(text) for text in hosts),
        shm_size_bytes=_shm_size(shm_size),
        ulimits=tuple(_ulimit(text) for text in ulimits),
    )


def of_build(
    environment: Mapping[str, str],
    container: RunOptions,
    *,
    secrets: Iterable[str],
    ssh: Iterable[str],
    granted: frozenset[str],
) -> RunOptions:
    """`container` with what else `build_options` say; as in buildx, --network=host grants itself.

    Raises:
        UsageError: one of them is malformed, or a file cannot be read.
    """
    own = frozenset({"network.host"}) if container.network == "host" else frozenset()
    return RunOptions(
        secrets=dict(secret_options.secret(text, environment) for text in secrets),
        agents=dict(secret_options.agent(text, environment) for text in ssh),
        network=container.network,
        entitlements=granted | own,
        hosts=container.hosts,
        shm_size_bytes=container.shm_size_bytes,
        ulimits=container.ulimits,
    )


def split_allow(items: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The entitlements and the audit's patterns among the values of --allow.

    An entitlement is one of buildx's names, as it stands; what else has an equals sign is a pattern
    and its reason.

    Raises:
        UsageError: the entitlement cannot be granted, or is unknown.
    """
    granted: set[str] = set()
    patterns: list[str] = []
    for item in items:
        name, equals, _ = item.partition("=")
        if item in ENTITLEMENTS:
            granted.add(item)
        elif name == "device":
            raise UsageError(f"--allow {item}: a build has no devices of this machine")
        elif name in _FILES:
            continue
        elif equals:
            patterns.append(item)
        else:
            hint = did_you_mean(item, sorted(ENTITLEMENTS))
            raise UsageError(f"--allow {item!r} is neither an entitlement nor PATTERN=REASON", hint)
    return frozenset(granted), tuple(patterns)


def _network(text: str) -> Network:
    networks: tuple[Network, ...] = get_args(Network)
    for known in networks:
        if text == known:
            return known
    raise UsageError(f"--network {text!r}: there is no such network", did_you_mean(text, networks))


def _host(text: str) -> tuple[str, str]:
    separator = "=" if "=" in text else ":"
    name, _, address = text.partition(separator)
    # Programs of a build share the machine's network: its own address is the loopback's.
    address = "127.0.0.1" if address == _GATEWAY else address.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        address = ""
    if not name or not address:
        raise UsageError(f"--add-host {text!r} is not NAME:IP", "write --add-host NAME:IP")
    return name, address


def _shm_size(text: str) -> int:
    if not text:
        return SHM_SIZE_BYTES
    try:
        return values.parse_size(text)
    except ValueError as error:
        raise UsageError(f"--shm-size {text!r}: {error}") from error


def _ulimit(text: str) -> Ulimit:
    name, _, limits = text.partition("=")
    soft, colon, hard = limits.partition(":")
    if name not in _LIMITS:
        raise UsageError(f"--ulimit {text!r}: unknown limit {name!r}", did_you_mean(name, _LIMITS))
    try:
        limit = Ulimit(name, int(soft), int(hard if colon else soft))
    except ValueError as error:
        raise UsageError(f"--ulimit {text!r} is no limit", f"write {name}=SOFT[:HARD]") from error
    if min(limit.soft, limit.hard) < -1 or _size(limit.soft) > _size(limit.hard):
        raise UsageError(f"--ulimit {text!r}: the soft limit is above the hard one")
    own = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}", resource.RLIMIT_NOFILE))[1]
    if hasattr(resource, f"RLIMIT_{name.upper()}") and _size(limit.hard) > _size(own):
        raise UsageError(
            f"--ulimit {text!r} is above this process's own limit, {own}",
            "raise it first, as with ulimit -H or limits.conf(5): a user namespace cannot",
        )
    return limit


def _size(limit: int) -> int:
    return _UNLIMITED if limit == -1 else limit

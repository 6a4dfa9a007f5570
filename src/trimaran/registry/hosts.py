"""Where a registry's API answers, and where plain HTTP is allowed."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from trimaran.errors import RegistryError


class _Anywhere(Collection[str]):
    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


ANYWHERE: Collection[str] = _Anywhere()
"""Plain HTTP to every host: for files whose source the user wrote as `http://`."""

_DOCKER_HUB_API = "registry-1.docker.io"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def api_host(registry: str) -> str:
    """The host and port that serve `registry`: Docker Hub's API is not at docker.io."""
    return _DOCKER_HUB_API if registry == "docker.io" else registry


def is_loopback(registry: str) -> bool:
    """Whether a host, with or without a port, is this machine.

    Raises:
        RegistryError: it is no host.
    """
    return is_loopback_name(origin(f"https://{registry}")[1])


def is_loopback_name(name: str) -> bool:
    """Whether a host's name or address is localhost, in 127.0.0.0/8, or ::1."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL (RFC 6454): who gets an Authorization, and who does not.

    Raises:
        RegistryError: the URL is malformed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise RegistryError(f"malformed address {url.partition('?')[0]!r}: {error}") from error
    return parts.scheme, parts.hostname or "", port


def check_secure(url: str, plain: Collection[str] = ()) -> None:
    """Refuse a URL over which secrets and images would travel in the clear.

    Args:
        url: where a request is to go.
        plain: names of hosts, without ports, for which plain HTTP was allowed.

    Raises:
        RegistryError: it is neither HTTPS nor plain HTTP to this machine or to one of `plain`.
    """
    scheme, host, _ = origin(url)
    if host and (scheme == "https" or (scheme == "http" and is_plain(host, plain))):
        return
    raise RegistryError(
        f"refused to go to {scheme or 'no scheme'}://{host}: registries need HTTPS",
        "plain HTTP is for a registry on this machine (localhost, 127.0.0.0/8, ::1), for one that"
        " the settings file allows it, or with --insecure",
    )


def is_plain(name: str, plain: Collection[str]) -> bool:
    """Whether plain HTTP may be spoken to a host of that name."""
    return is_loopback_name(name) or name in plain


def name_of(registry: str) -> str:
    """A registry's host without its port. Raises RegistryError."""
    return origin(f"https://{registry}")[1]
